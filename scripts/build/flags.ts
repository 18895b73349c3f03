/** Flags of the engine and of the host alike. */
export const COMMON_FLAGS = [
  '-O3',
  '-D_GNU_SOURCE',
  '-DNDEBUG',
  '-funsigned-char',
  '-ffunction-sections',
  '-fdata-sections',
];
