/** An expected failure of the lab, with a message for the person at the terminal (one sentence or two). */
export class LabError extends Error {
  override readonly name = 'LabError';
}
