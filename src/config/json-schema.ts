import { written } from './describe.ts'
import { fileName } from './names.ts'
import type { OptionNode } from './option.ts'
import { durationPattern, modePattern, sizePattern } from './quantity.ts'
import { configSchema } from './schema.ts'

/** The JSON Schema of the configuration file, for editors: snake_case names and the text forms of quantities. */
export function fileSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Petaltail configuration',
    ...schemaOf(configSchema),
  }
}

function schemaOf(node: OptionNode): Record<string, unknown> {
  const about = node.description === undefined ? {} : { description: node.description }
  if (node.properties !== undefined) return { ...about, ...sectionOf(node, node.properties) }
  const initial = node.default === undefined ? {} : { default: fileValue(node, node.default) }
  if (node.items !== undefined) {
    const least = node.minItems === undefined ? {} : { minItems: node.minItems }
    return { type: 'array', ...about, ...initial, ...least, items: schemaOf(node.items) }
  }
  return { ...about, ...initial, ...leafOf(node) }
}

function sectionOf(node: OptionNode, properties: Readonly<Record<string, OptionNode>>): Record<string, unknown> {
  const inFile: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties)) inFile[fileName(name)] = schemaOf(property)
  // What has a default may be left out of the file.
  const required = (node.required ?? []).filter((name) => properties[name]?.default === undefined).map(fileName)
  const section = {
    type: 'object',
    additionalProperties: false,
    properties: inFile,
    ...(required.length === 0 ? {} : { required }),
  }
  return node.shorthand === undefined ? section : { anyOf: [{ type: 'string' }, section] }
}

function leafOf(node: OptionNode): Record<string, unknown> {
  if (node.enum !== undefined) return { enum: node.enum }
  const forms = formsOf(node)
  return forms.length === 1 ? (forms[0] ?? {}) : { anyOf: forms }
}

function formsOf(node: OptionNode): Record<string, unknown>[] {
  const words = node.words === undefined ? [] : [{ enum: Object.keys(node.words) }]
  if (node.unit === 'mode') return [{ type: 'string', pattern: modePattern }]
  if (node.type !== 'integer') return [{ type: node.type }]
  const limits = { ...(node.minimum === undefined ? {} : { minimum: scaled(node, node.minimum) }), ...maximumOf(node) }
  const number = { type: node.unit === 'milliseconds' ? 'number' : 'integer', ...limits }
  if (node.unit === undefined) return [number, ...words]
  return [number, { type: 'string', pattern: node.unit === 'bytes' ? sizePattern : durationPattern }, ...words]
}

function maximumOf(node: OptionNode): { maximum?: number } {
  return node.maximum === undefined ? {} : { maximum: scaled(node, node.maximum) }
}

function scaled(node: OptionNode, value: number): number {
  return node.unit === 'milliseconds' ? value / 1_000 : value
}

function fileValue(node: OptionNode, value: unknown): unknown {
  return node.unit === undefined && node.words === undefined ? value : written(node, value)
}
