/** A value of a YAML or JSON text, and where it begins, both from 1. */
export interface Node {
  readonly line: number
  readonly column: number
  readonly content: Scalar | readonly Node[] | Members
}

export type Scalar = string | number | boolean | null
export type Members = ReadonlyMap<string, Node>

/** Does something with an item of a list. */
export type Take = (item: Node) => void

/**
 * Which lists are taken item by item, as they are read, so that not all of a large file is in memory at once. What is left
 * of a list that was taken is an empty one.
 */
export interface Taken {
  /** Items of the outermost list, and values that stand one after the other; null when nobody takes them. */
  readonly entries: Take | null
  /**
   * Items of the list called `name` in an outermost section, or in the section `outer` of one; null when nobody takes
   * them. A section in an outermost list is an outermost one, too.
   */
  list(name: string, outer: string | null): Take | null
}

/** Raised where a text breaks off or has what cannot stand there; does not leave the reading of files. */
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
