const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

const dayMilliseconds = 86_400_000

type Part = (date: Date) => string

/** The conversions of strftime(3), in local time and the C locale, by their letter. */
const parts: Readonly<Record<string, Part>> = {
  a: (date) => dayName(date).slice(0, 3),
  A: dayName,
  b: (date) => monthName(date).slice(0, 3),
  B: monthName,
  c: (date) =>
    `${dayName(date).slice(0, 3)} ${monthName(date).slice(0, 3)} ${pad(date.getDate(), 2, ' ')} ${clock(date)} ${date.getFullYear()}`,
  C: (date) => pad(Math.floor(date.getFullYear() / 100), 2),
  d: (date) => pad(date.getDate(), 2),
  D: (date) => `${pad(date.getMonth() + 1, 2)}/${pad(date.getDate(), 2)}/${pad(date.getFullYear() % 100, 2)}`,
  e: (date) => pad(date.getDate(), 2, ' '),
  F: (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`,
  h: (date) => monthName(date).slice(0, 3),
  H: (date) => pad(date.getHours(), 2),
  I: (date) => pad(date.getHours() % 12 || 12, 2),
  j: (date) => pad(dayOfYear(date), 3),
  k: (date) => pad(date.getHours(), 2, ' '),
  l: (date) => pad(date.getHours() % 12 || 12, 2, ' '),
  m: (date) => pad(date.getMonth() + 1, 2),
  M: (date) => pad(date.getMinutes(), 2),
  n: () => '\n',
  N: (date) => pad(date.getMilliseconds(), 3).padEnd(9, '0'),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  R: (date) => `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}`,
  s: (date) => String(Math.floor(date.getTime() / 1_000)),
  S: (date) => pad(date.getSeconds(), 2),
  t: () => '\t',
  T: clock,
  u: (date) => String(date.getDay() || 7),
  U: (date) => pad(Math.floor((dayOfYear(date) + 6 - date.getDay()) / 7), 2),
  w: (date) => String(date.getDay()),
  W: (date) => pad(Math.floor((dayOfYear(date) + 6 - ((date.getDay() + 6) % 7)) / 7), 2),
  x: (date) => `${pad(date.getMonth() + 1, 2)}/${pad(date.getDate(), 2)}/${pad(date.getFullYear() % 100, 2)}`,
  X: clock,
  y: (date) => pad(date.getFullYear() % 100, 2),
  Y: (date) => String(date.getFullYear()),
  z: zone,
}

/** The text of one conversion letter, or null when there is no such letter. */
export function timePart(letter: string): Part | null {
  return Object.hasOwn(parts, letter) ? (parts[letter] ?? null) : null
}

/** `2026-08-10T09:47:38+0100`, with the fraction of a second where it is asked for. */
export function isoTime(date: Date, fraction: string): string {
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`
  return `${day}T${clock(date)}${fraction}${zone(date)}`
}

function clock(date: Date): string {
  return `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}`
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${pad(size % 60, 2)}`
}

function dayOfYear(date: Date): number {
  const first = Date.UTC(date.getFullYear(), 0, 1)
  return (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - first) / dayMilliseconds + 1
}

function dayName(date: Date): string {
  return days[date.getDay()] ?? ''
}

function monthName(date: Date): string {
  return months[date.getMonth()] ?? ''
}

function pad(value: number, width: number, fill = '0'): string {
  return String(value).padStart(width, fill)
}
