import type { OptionNode } from './option.ts'
import { formatDuration, formatSize } from './quantity.ts'

/** What an option accepts, to follow "must be": `a size such as 4096 or 256KiB, from 128B to 256MiB`. */
export function accepted(node: OptionNode): string {
  if (node.enum !== undefined) return oneOf(node.enum.map((value) => JSON.stringify(value)))
  const words = Object.keys(node.words ?? {}).map((word) => JSON.stringify(word))
  return `${kindOf(node)}${rangeOf(node)}${words.length === 0 ? '' : `, or ${oneOf(words)}`}`
}

/** A value of an option as a file would have it: `2MiB`, `1h`, `never`. */
export function written(node: OptionNode, value: unknown): string {
  if (typeof value !== 'number') return typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
  for (const [word, number] of Object.entries(node.words ?? {})) if (number === value) return word
  return amount(node, value)
}

function kindOf(node: OptionNode): string {
  if (node.unit === 'seconds' || node.unit === 'milliseconds') return 'a duration such as 90s, 5m or 2h'
  if (node.unit === 'bytes') return 'a size such as 4096 or 256KiB'
  if (node.unit === 'mode') return 'three octal digits in quotes, such as "0660"'
  if (node.type === 'integer') return 'a whole number'
  if (node.type === 'boolean') return 'true or false'
  if (node.type === 'array') return 'a list'
  if (node.type === 'object') return 'a section of options'
  return 'a text'
}

function rangeOf(node: OptionNode): string {
  if (node.unit === 'mode' || node.minimum === undefined) return ''
  const { minimum, maximum } = node
  const open = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
  return open ? `, at least ${amount(node, minimum)}` : `, from ${amount(node, minimum)} to ${amount(node, maximum)}`
}

function amount(node: OptionNode, value: number): string {
  if (node.unit === 'seconds') return formatDuration(value)
  if (node.unit === 'milliseconds') return formatDuration(value / 1_000)
  if (node.unit === 'bytes') return formatSize(value)
  if (node.unit === 'mode') return `0${value.toString(8).padStart(3, '0')}`
  return String(value)
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
