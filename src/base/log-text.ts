/**
 * Escapes what JSON leaves as it is and still moves a terminal's cursor, or begins a line for some readers. Clients choose
 * some of the texts of a log.
 */
export function escapedControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
