import { fileName, type Path } from './names.ts'
import type { OptionNode } from './option.ts'
import { type Problem, shown } from './problem.ts'
import { parseDuration, parseMode, parseSize } from './quantity.ts'
import { didYouMean } from './suggest.ts'

/**
 * Turns what a file says into the program's form: names in camelCase, durations and sizes as numbers, shorthands
 * spelled out. Only options the schema knows are taken over; values it cannot make sense of stay for the validation.
 */
export function interpret(node: OptionNode, value: unknown, path: Path, problems: Problem[]): unknown {
  if (node.properties !== undefined) return interpretSection(node, node.properties, value, path, problems)
  if (node.items !== undefined) return interpretList(node.items, value, path, problems)
  if (value === null) {
    problems.push({ path, key: null, message: 'is empty; give a value, or leave the option out' })
    return undefined
  }
  return interpretScalar(node, value)
}

/** The value of one option given as text, by an environment variable. */
export function interpretText(node: OptionNode, text: string): unknown {
  if (node.items !== undefined) return text === '' ? [] : text.split(',').map((item) => item.trim())
  if (node.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (node.enum !== undefined) return node.enum.find((value) => String(value) === text) ?? text
  if (node.unit !== 'mode' && node.type === 'integer' && /^\d{1,16}$/.test(text))
    return interpretScalar(node, Number(text))
  return interpretScalar(node, text)
}

function interpretSection(
  node: OptionNode,
  properties: Readonly<Record<string, OptionNode>>,
  value: unknown,
  path: Path,
  problems: Problem[],
): unknown {
  if (value === null) return {}
  if (typeof value === 'string' && node.shorthand !== undefined) return { [node.shorthand]: value }
  if (typeof value !== 'object' || Array.isArray(value)) return value
  const names = new Map(Object.keys(properties).map((name) => [fileName(name), name]))
  const result: Record<string, unknown> = {}
  for (const [key, entry] of Object.entries(value)) {
    const name = names.get(key)
    const property = name === undefined ? undefined : properties[name]
    if (name === undefined || property === undefined) problems.push(unknownOption(key, path, names.keys()))
    else result[name] = interpret(property, entry, [...path, name], problems)
  }
  return result
}

function interpretList(items: OptionNode, value: unknown, path: Path, problems: Problem[]): unknown {
  if (value === null) return []
  if (!Array.isArray(value)) return value
  return value.map((item: unknown, index) => interpret(items, item, [...path, index], problems))
}

function interpretScalar(node: OptionNode, value: unknown): unknown {
  if (typeof value === 'number') return numberOf(node, value)
  if (typeof value !== 'string') return value
  const word = Object.hasOwn(node.words ?? {}, value) ? node.words?.[value] : undefined
  return word ?? quantityOf(node, value) ?? value
}

function numberOf(node: OptionNode, value: number): unknown {
  if (node.unit === 'milliseconds') return Math.round(value * 1_000)
  // YAML reads 0660 as six hundred and sixty: only text says which digits were meant.
  return node.unit === 'mode' ? String(value) : value
}

function quantityOf(node: OptionNode, text: string): number | null {
  if (node.unit === 'seconds') return parseDuration(text)
  if (node.unit === 'bytes') return parseSize(text)
  if (node.unit === 'mode') return parseMode(text)
  if (node.unit !== 'milliseconds') return null
  const seconds = parseDuration(text)
  return seconds === null ? null : Math.round(seconds * 1_000)
}

function unknownOption(key: string, path: Path, names: Iterable<string>): Problem {
  return { path, key, message: `unknown option ${shown(key)}${didYouMean(key, names)}` }
}
