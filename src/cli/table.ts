/** Columns of text, each as wide as its widest cell; the last one is not padded. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell))).join('  ');
  return rows
    .map((row) => `${indent}${line(row)}`.trimEnd())
    .map((text) => `${text}\n`)
    .join('');
}

/** Columns of a cell on the screen: colours take none. */
function widthOf(cell: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape of a colour is one
  return [...cell.replace(/\x1b\[\d+m/g, '')].length;
}
