import { Flag } from './page-nodes.ts'

/** What is to be found in a tree of pages. */
export interface TreeKind {
  /** What LMDB is to know of its keys; null where it is not known here. */
  readonly flags: number | null
  /** Keys are numbers of this machine, not bytes. */
  readonly integers: boolean
  /** Flags that nodes of leaves have. */
  readonly nodes: readonly number[]
}

/** Keys of the tree have several values. */
const severalValues = 4

/** The list of trees. */
export const listOfTrees: TreeKind = { flags: 0, integers: false, nodes: [Flag.Tree] }

/** The list of free pages. Its flags are those of the whole file. */
export const listOfPages: TreeKind = { flags: null, integers: true, nodes: [0, Flag.Overflow] }

/** A table with one value for each key. */
export const singles: TreeKind = { flags: 0, integers: false, nodes: [0, Flag.Overflow] }

/** A table with several. */
export const multiples: TreeKind = {
  flags: severalValues,
  integers: false,
  nodes: [0, Flag.Several, Flag.Several | Flag.Tree],
}

/** The values of one key, where they are many. */
export const valuesOfKey: TreeKind = { flags: 0, integers: false, nodes: [0] }

/** A page of which it is not known where it comes from. */
export const anything: TreeKind = {
  flags: null,
  integers: false,
  nodes: [0, Flag.Overflow, Flag.Tree, Flag.Several, Flag.Several | Flag.Tree],
}
