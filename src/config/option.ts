import Type, { type TEnumValue } from 'typebox'

/**
 * The kinds of option. A kind is a JSON Schema of the value the program sees, plus keywords of our own:
 * `unit` says which text forms a file may use (`90s`, `2MiB`), `words` which words stand for a number (`never`),
 * `live` whether a change applies without a restart, `shorthand` which property a plain text stands for,
 * `fallback` what applies when an option without default is left out, `file` that the value is the path of a file.
 */
export type Unit = 'seconds' | 'milliseconds' | 'bytes' | 'mode'

/** A node of the schema as the readers of the schema see it. */
export interface OptionNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, OptionNode>>
  readonly required?: readonly string[] | undefined
  readonly items?: OptionNode
  readonly minItems?: number
  readonly unit?: Unit
  readonly words?: Readonly<Record<string, number>>
  readonly live?: boolean
  readonly shorthand?: string
  readonly fallback?: string
  readonly file?: boolean
}

export const ownKeywords = ['unit', 'words', 'live', 'shorthand', 'fallback', 'file'] as const

interface Details {
  readonly minimum?: number
  readonly maximum?: number
  readonly words?: Readonly<Record<string, number>>
}

const live = false

/** A duration, given in seconds or as `90s`; the program sees whole seconds. */
export function seconds(initial: number, description: string, details: Details = {}) {
  return Type.Integer({ minimum: 0, ...details, unit: 'seconds', default: initial, description, live })
}

/** A duration, given in seconds or as `500ms`; the program sees milliseconds. */
export function milliseconds(initial: number, description: string, details: Details = {}) {
  return Type.Integer({
    minimum: 1,
    maximum: 86_400_000,
    ...details,
    unit: 'milliseconds',
    default: initial,
    description,
    live,
  })
}

/** An amount of bytes, given as a number or as `2MiB`. */
export function bytes(initial: number, description: string, details: Details = {}) {
  const maximum = Number.MAX_SAFE_INTEGER
  return Type.Integer({ minimum: 0, maximum, ...details, unit: 'bytes', default: initial, description, live })
}

export function count(initial: number, description: string, details: Details = {}) {
  return Type.Integer({ minimum: 0, maximum: 0xffff_ffff, ...details, default: initial, description, live })
}

export function flag(initial: boolean, description: string) {
  return Type.Boolean({ default: initial, description, live })
}

export function choice<const Values extends TEnumValue[]>(
  values: readonly [...Values],
  initial: Values[number],
  description: string,
) {
  return Type.Enum(values, { default: initial, description, live })
}

export function text(initial: string, description: string) {
  return Type.String({ default: initial, description, live })
}

/** The path of a file that must be given where its section is given. */
export function requiredFile(description: string) {
  return Type.String({ minLength: 1, file: true, description, live })
}

export function optionalFile(description: string, fallback: string) {
  return Type.Optional(Type.String({ minLength: 1, file: true, description, fallback, live }))
}

/** A text that may be left out; `fallback` says in words what then applies. */
export function optionalText(description: string, fallback: string) {
  return Type.Optional(Type.String({ minLength: 1, description, fallback, live }))
}

export function texts(initial: readonly string[], description: string) {
  return Type.Array(Type.String({ minLength: 1 }), { default: initial, description, live })
}
