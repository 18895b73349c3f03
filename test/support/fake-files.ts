/** An in-memory file tree with the errno names of Linux. Paths are absolute; a drive before them is left out. */
import { type FileStat, type OpenOptions, SysError } from '../../src/sys/sys.ts';

interface NodeBase {
  readonly inode: number;
  mode: number;
  mtimeMs: number;
}
export interface FileNode extends NodeBase {
  readonly type: 'file';
  bytes: Uint8Array;
}
export interface DirectoryNode extends NodeBase {
  readonly type: 'directory';
  readonly children: Map<string, TreeNode>;
}
interface LinkNode extends NodeBase {
  readonly type: 'symlink';
  readonly target: string;
}
export type TreeNode = FileNode | DirectoryNode | LinkNode;

/** A name in its directory; `node` is absent when there is nothing of that name. */
interface Place {
  readonly parent: DirectoryNode;
  readonly name: string;
  readonly node: TreeNode | undefined;
}

const MAX_LINKS = 40;
const NAME_MAX = 255;

export class FileTree {
  readonly #root: DirectoryNode;
  readonly #now: () => number;
  #inodes = 1;

  constructor(nowMs: () => number) {
    this.#now = nowMs;
    this.#root = this.#directory(0o755);
  }

  open(path: string, options: OpenOptions): TreeNode {
    const place = this.#find(path, 'open', !(options.noFollow || (options.create && options.exclusive)));
    const { node } = place;
    if (node === undefined) {
      if (!options.create) throw new SysError('ENOENT', 'open', path);
      return this.#put(place, this.#file(options.mode ?? 0o600));
    }
    if (options.create && options.exclusive) throw new SysError('EEXIST', 'open', path);
    if (node.type === 'symlink') throw new SysError('ELOOP', 'open', path);
    if (node.type === 'directory' && (options.write || options.append || options.create)) {
      throw new SysError('EISDIR', 'open', path);
    }
    if (options.directory && node.type !== 'directory') throw new SysError('ENOTDIR', 'open', path);
    if (options.truncate && node.type === 'file') node.bytes = new Uint8Array();
    return node;
  }

  stat(path: string, follow: boolean): FileStat {
    return this.statOf(this.#existing(path, 'stat', follow));
  }

  statOf(node: TreeNode): FileStat {
    return {
      dev: '1',
      inode: String(node.inode),
      type: node.type,
      mode: node.mode,
      sizeBytes: node.type === 'file' ? node.bytes.length : 0,
      mtimeMs: node.mtimeMs,
    };
  }

  readlink(path: string): string {
    const node = this.#existing(path, 'readlink', false);
    if (node.type !== 'symlink') throw new SysError('EINVAL', 'readlink', path);
    return node.target;
  }

  readdir(path: string): string[] {
    const node = this.#existing(path, 'readdir', true);
    if (node.type !== 'directory') throw new SysError('ENOTDIR', 'readdir', path);
    return [...node.children.keys()];
  }

  mkdir(path: string, mode: number): void {
    const place = this.#find(path, 'mkdir', false);
    if (place.node !== undefined) throw new SysError('EEXIST', 'mkdir', path);
    this.#put(place, this.#directory(mode));
  }

  rmdir(path: string): void {
    const { parent, name, node } = this.#find(path, 'rmdir', false);
    if (node === undefined) throw new SysError('ENOENT', 'rmdir', path);
    if (node.type !== 'directory') throw new SysError('ENOTDIR', 'rmdir', path);
    if (node.children.size > 0) throw new SysError('ENOTEMPTY', 'rmdir', path);
    parent.children.delete(name);
  }

  unlink(path: string): void {
    const { parent, name, node } = this.#find(path, 'unlink', false);
    if (node === undefined) throw new SysError('ENOENT', 'unlink', path);
    if (node.type === 'directory') throw new SysError('EISDIR', 'unlink', path);
    parent.children.delete(name);
  }

  rename(from: string, to: string): void {
    const source = this.#find(from, 'rename', false);
    const target = this.#find(to, 'rename', false);
    if (source.node === undefined) throw new SysError('ENOENT', 'rename', from);
    if (source.node === target.node) return;
    if (target.node?.type === 'directory') {
      if (source.node.type !== 'directory') throw new SysError('EISDIR', 'rename', to);
      if (target.node.children.size > 0) throw new SysError('ENOTEMPTY', 'rename', to);
    } else if (target.node !== undefined && source.node.type === 'directory') {
      throw new SysError('ENOTDIR', 'rename', to);
    }
    source.parent.children.delete(source.name);
    target.parent.children.set(target.name, source.node);
  }

  /** Another name of the same file. */
  link(existing: string, path: string): void {
    const node = this.#existing(existing, 'link', false);
    const place = this.#find(path, 'link', false);
    if (place.node !== undefined) throw new SysError('EEXIST', 'link', path);
    this.#put(place, node);
  }

  symlink(path: string, target: string): void {
    const place = this.#find(path, 'symlink', false);
    if (place.node !== undefined) throw new SysError('EEXIST', 'symlink', path);
    this.#put(place, { type: 'symlink', target, inode: this.#inodes++, mode: 0o777, mtimeMs: this.#now() });
  }

  #find(path: string, call: string, follow: boolean, links = 0): Place {
    const rooted = path.replace(/^[a-z]:(?=\/)/i, '');
    if (!rooted.startsWith('/') || path.includes('\0')) throw new SysError('EINVAL', call, path);
    const parts = rooted.split('/').filter((part) => part !== '' && part !== '.');
    let parent = this.#root;
    for (const [index, name] of parts.entries()) {
      if (name.length * 3 > NAME_MAX && Buffer.byteLength(name) > NAME_MAX)
        throw new SysError('ENAMETOOLONG', call, path);
      const node = parent.children.get(name);
      const last = index === parts.length - 1;
      if (node?.type === 'symlink' && (follow || !last)) {
        if (links === MAX_LINKS) throw new SysError('ELOOP', call, path);
        const directory = parts.slice(0, index).join('/');
        const target = node.target.startsWith('/') ? node.target : `/${directory}/${node.target}`;
        return this.#find([target, ...parts.slice(index + 1)].join('/'), call, follow, links + 1);
      }
      if (last) return { parent, name, node };
      if (node === undefined) throw new SysError('ENOENT', call, path);
      if (node.type !== 'directory') throw new SysError('ENOTDIR', call, path);
      parent = node;
    }
    return { parent, name: '', node: this.#root };
  }

  #existing(path: string, call: string, follow: boolean): TreeNode {
    const { node } = this.#find(path, call, follow);
    if (node === undefined) throw new SysError('ENOENT', call, path);
    return node;
  }

  #put<T extends TreeNode>({ parent, name }: Place, node: T): T {
    parent.children.set(name, node);
    return node;
  }

  #file(mode: number): FileNode {
    return { type: 'file', bytes: new Uint8Array(), inode: this.#inodes++, mode, mtimeMs: this.#now() };
  }

  #directory(mode: number): DirectoryNode {
    return { type: 'directory', children: new Map(), inode: this.#inodes++, mode, mtimeMs: this.#now() };
  }
}
