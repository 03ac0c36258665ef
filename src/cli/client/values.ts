import { InvalidArgumentError } from 'commander'

/** A parser of option values: a whole number in a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
    if (number >= least && number <= most) return number
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
  }
}

/** Seconds, not necessarily whole. */
export function someSeconds(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (number <= 2 ** 31 / 1_000) return number
  throw new InvalidArgumentError('It must be a number of seconds.')
}

export function qosLevel(text: string): 0 | 1 | 2 {
  if (text === '0') return 0
  if (text === '1') return 1
  if (text === '2') return 2
  throw new InvalidArgumentError('It must be 0, 1 or 2.')
}

const versions: Readonly<Record<string, 3 | 4 | 5>> = {
  mqttv31: 3,
  mqttv311: 4,
  mqttv5: 5,
  '31': 3,
  '311': 4,
  '3.1': 3,
  '3.1.1': 4,
  '5': 5,
  '5.0': 5,
}

export function protocolVersion(text: string): 3 | 4 | 5 {
  const version = versions[text.toLowerCase()]
  if (version !== undefined) return version
  throw new InvalidArgumentError('It must be mqttv31, mqttv311 or mqttv5.')
}

const never = 0xffff_ffff

/** Seconds, or -1 for a session that never expires. */
export function sessionExpiry(text: string): number {
  return text === '-1' || text === '∞' || text === 'never' ? never : wholeNumber(0, never)(text)
}

export function repeated(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text]
}
