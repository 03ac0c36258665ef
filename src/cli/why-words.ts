import { escapedControls } from '../base/log-text.ts'

/** A text that a client may have chosen, for a terminal: as it is when it is harmless, else in quotes, with escapes. */
export function shown(text: string): string {
  return /^[\p{L}\p{N}_.:/@+#$%=,[\]-]+$/u.test(text) ? text : escapedControls(JSON.stringify(text))
}

/** Part of a sentence: nothing in it moves the cursor. */
export function harmless(text: string): string {
  return escapedControls(JSON.stringify(text)).slice(1, -1).replaceAll('\\"', '"')
}

/** A word of a command line that is ready to paste; null for what no terminal should be given. */
export function pasted(text: string): string | null {
  if (/^[\w.:/@+=,-]+$/.test(text) && !text.startsWith('-')) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be pasted.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) return null
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** `3 s`, `12 min`, `5 h`, `2 days`. */
export function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1_000
  if (seconds < 1) return `${Math.round(milliseconds)} ms`
  if (seconds < 120) return `${Math.floor(seconds)} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`
}

/** Date and time in UTC, to the second. */
export function timeText(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ')
}
