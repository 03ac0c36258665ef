/** A value of a YAML or JSON text, and where it begins, both from 1. */
export interface Node {
  readonly line: number
  readonly column: number
  readonly content: Scalar | readonly Node[] | Members
}

export type Scalar = string | number | boolean | null
export type Members = ReadonlyMap<string, Node>

/** Raised where a text breaks off or has what cannot stand there; does not leave this folder. */
export class Misplaced extends Error {
  readonly line: number
  readonly column: number

  constructor(line: number, column: number, message: string) {
    super(message)
    this.line = line
    this.column = column
  }
}

/** The members of a section, or null for anything else. */
export function membersOf({ content }: Node): Members | null {
  return content instanceof Map ? content : null
}

/** The items of a list, or null for anything else. */
export function itemsOf({ content }: Node): readonly Node[] | null {
  return Array.isArray(content) ? content : null
}

/** A text, or null for anything else. */
export function textOf({ content }: Node): string | null {
  return typeof content === 'string' ? content : null
}
