/** Cases that fail for a known reason, by "level: name". One that passes must be taken off the list. */
export const NOT_YET: Readonly<Record<string, string>> = {};
