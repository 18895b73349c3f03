/** Pages of docs/ that are made from code, and what pages say of others. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { configurationPage, PAGE } from '../../scripts/docs/configuration.ts';
import { CONFIG_KEYS } from '../../src/cni/config-keys.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('docs/configuration.md is what make docs makes of the code', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), configurationPage());
});

test('docs/configuration.md has every key, and an error for each', () => {
  const page = configurationPage();
  for (const { key } of CONFIG_KEYS) assert.ok(page.split(`| \`${key}\` |`).length > 2, key);
});

test('links between pages lead to files and headings that are there', () => {
  const pages = ['.', 'docs'].flatMap((directory) =>
    readdirSync(join(ROOT, directory))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(directory, name)),
  );
  assert.ok(pages.length > 8);
  const broken = pages.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`));
  assert.deepEqual(broken, []);
});

test('docs/troubleshooting.md quotes texts that the plugins can say', () => {
  const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
  const table = page.slice(page.indexOf('| Text | Why'), page.indexOf('Of other programs'));
  const rows = table
    .split('\n')
    .slice(2)
    .filter((line) => line.startsWith('|'));
  assert.ok(rows.length > 15, String(rows.length));
  const sources = sourceText(join(ROOT, 'src'));
  const fragments = rows.flatMap((row) => {
    const [, first = ''] = row.split('|');
    const quoted = [...first.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    return quoted.flatMap((text) => text.split('…')).filter((text) => text.trim().length > 2);
  });
  assert.ok(fragments.length >= rows.length);
  assert.deepEqual(
    fragments.filter((text) => !sources.includes(text)),
    [],
  );
});

test('docs/failures.md names tests that are there', () => {
  const page = readFileSync(join(ROOT, 'docs/failures.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| (?!What went wrong)/.test(line));
  assert.ok(rows.length > 50, String(rows.length));
  const missing = rows.flatMap((row) => {
    const [, what = '', , cell = ''] = row.split('|');
    const named = [...cell.matchAll(/`([^`]+\.test\.ts)`: (.+?)(?=<br>| $)/g)];
    if (named.length === 0) return [`${what}: no test`];
    return named.flatMap(([, file = '', name = '']) => (hasTest(file, name) ? [] : [`${file}: ${name}`]));
  });
  assert.deepEqual(missing, []);
});

/** A … in the name stands for what the test puts there. Cases may stand in files below that the test imports. */
function hasTest(file: string, name: string): boolean {
  const path = join(ROOT, 'test', file);
  if (!existsSync(path)) return false;
  const text = readFileSync(path, 'utf8');
  const below = [...text.matchAll(/ from '(\.\/[^']+)'/g)].map(([, from = '']) => join(dirname(path), from));
  const lines = [text, ...below.map((other) => readFileSync(other, 'utf8'))].join('\n').split('\n');
  return lines.some((line) => name.split('…').every((part) => line.includes(part.trim())));
}

function sourceText(directory: string): string {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.map((name) => readFileSync(join(directory, name), 'utf8')).join('\n');
}

function brokenLinks(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchors(readFileSync(target, 'utf8')).includes(anchor);
  });
}

/** As GitHub makes them of headings. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
