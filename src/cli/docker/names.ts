/** What a person may type for a container: checked before anything is made, as it becomes parts of other things. */

/** As long as a name of Kubernetes, which plugins expect in CNI_ARGS. */
const MAX_NAME_CHARACTERS = 253;
/** 255 for the name (distribution/reference), and room for a tag and a digest. */
const MAX_IMAGE_CHARACTERS = 512;

/** What is wrong with the name of a container; undefined when nothing is. The rule is docker's. */
export function problemOfName(name: string): string | undefined {
  if (name.length <= MAX_NAME_CHARACTERS && /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return undefined;
  return refused('container name', name, `2 to ${MAX_NAME_CHARACTERS}`);
}

/** What is wrong with a namespace, which stands in CNI_ARGS beside the name. */
export function problemOfNamespace(namespace: string): string | undefined {
  if (namespace.length <= MAX_NAME_CHARACTERS && /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(namespace))
    return undefined;
  return refused('container namespace', namespace, `1 to ${MAX_NAME_CHARACTERS}`);
}

/** Docker knows what an image is; refused is what it could take for something else. */
export function problemOfImage(image: string): string | undefined {
  if (image.length <= MAX_IMAGE_CHARACTERS && /^[a-zA-Z0-9][a-zA-Z0-9_.:/@-]*$/.test(image)) return undefined;
  return `image ${shown(image)}: expected a name such as nginx:1.25 or registry.example.com/team/web@sha256:…`;
}

function refused(what: string, text: string, lengths: string): string {
  return `${what} ${shown(text)}: expected ${lengths} of a-z, A-Z, 0-9, "_", "." and "-", with a letter or digit first`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
