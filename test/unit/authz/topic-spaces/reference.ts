// What topic spaces mean, a second time: no index, no compilation, and queries as they were before they were written down.

import type { Action, AttributeValue } from '../../../../src/engine/ports.ts'
import { naiveCovers, naiveMatches, substitutions } from './naive.ts'

export type Query =
  | { readonly is: 'and'; readonly parts: readonly Query[] }
  | { readonly is: 'or'; readonly parts: readonly Query[] }
  | { readonly is: 'equality'; readonly operand: string; readonly differs: boolean; readonly literal: Literal }
  | { readonly is: 'order'; readonly operand: string; readonly mark: '<' | '>' | '<=' | '>='; readonly bound: number }
  | { readonly is: 'in'; readonly operand: string; readonly literals: readonly Literal[] }

export type Literal = string | number

export interface World {
  readonly groups: readonly { readonly name: string; readonly query: Query }[]
  readonly spaces: readonly { readonly name: string; readonly templates: readonly string[] }[]
  readonly bindings: readonly {
    readonly group: string
    readonly space: string
    readonly permission: 'Publisher' | 'Subscriber'
  }[]
}

export interface Person {
  readonly name: string
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

/** Somebody grants it: there are no denials. */
export function referenceAllows(world: World, person: Person, action: Action, topic: string): boolean {
  const permission = action === 'publish' || action === 'will' ? 'Publisher' : 'Subscriber'
  return world.bindings.some((binding) => {
    if (binding.permission !== permission) return false
    const group = world.groups.find(({ name }) => name === binding.group)
    if (binding.group !== '$all' && (group === undefined || !isIn(group.query, person))) return false
    const templates = world.spaces.find(({ name }) => name === binding.space)?.templates ?? []
    return templates.some((template) =>
      substitutions(template, /\${[^}]*\}/, (word) => valuesOf(word, person)).some((filter) =>
        action === 'subscribe' ? naiveCovers(filter, topic) : naiveMatches(filter, topic),
      ),
    )
  })
}

function isIn(query: Query, person: Person): boolean {
  if (query.is === 'and') return query.parts.every((part) => isIn(part, person))
  if (query.is === 'or') return query.parts.some((part) => isIn(part, person))
  const value = operandOf(query.operand, person)
  if (value === undefined) return false
  const has = (literal: Literal) => (Array.isArray(value) ? value.includes(literal) : value === literal)
  if (query.is === 'in') return query.literals.some(has)
  if (query.is === 'equality') return has(query.literal) !== query.differs
  if (typeof value !== 'number') return false
  if (query.mark === '<') return value < query.bound
  if (query.mark === '>') return value > query.bound
  return query.mark === '<=' ? value <= query.bound : value >= query.bound
}

function operandOf(operand: string, { name, attributes }: Person): AttributeValue | undefined {
  if (operand === 'name' || operand === 'authenticationName') return name
  return attributes[operand.slice('attributes.'.length)]
}

/** `${client.attributes.x|-suffix}` is each value with the suffix behind it, if it is a usable value. */
function valuesOf(word: string, person: Person): readonly string[] {
  const [variable = '', suffix = ''] = word.slice(2, -1).split('|')
  const attribute = variable.startsWith('client.attributes.')
    ? person.attributes[variable.slice('client.attributes.'.length)]
    : person.name
  if (attribute === undefined) return []
  const values = typeof attribute === 'object' ? attribute : [String(attribute)]
  return values.filter((value) => value !== '').map((value) => value + suffix)
}
