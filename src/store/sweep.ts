import { everyTable, piecesPlace } from './catalog.ts'
import type { BinaryTable, Environment } from './environment.ts'
import { assemble, piecesBehind } from './pieces.ts'
import { Table } from './records.ts'
import type { Judge } from './verify.ts'

/** Told of what is left, and of what had to go. */
export interface SweepVisitor {
  kept(table: Table, key: Buffer, value: Buffer): void
  removed(table: Table, key: Buffer): void
}

const portion = 1_000

/**
 * Goes through tables whose rows were copied one by one, and removes what makes no sense without what could not be:
 * long values that lack a piece, pieces of nothing, and acknowledgements of blocks that are gone.
 */
export function sweep(environment: Environment, visitor: SweepVisitor, judge: Judge): void {
  for (const table of everyTable) {
    const keep =
      table === Table.Acknowledgements ? hasBlock(environment, visitor) : isWhole(environment, table, visitor, judge)
    removeOthers(environment, environment.tables[table], keep)
  }
  removeOthers(environment, environment.pieces, hasHead(environment))
}

/** Removes the keys for which `keep` says no. */
function removeOthers(environment: Environment, table: BinaryTable, keep: (key: Buffer) => boolean): void {
  let from: Buffer | null = null
  for (;;) {
    const range: { start: Buffer; exclusiveStart: boolean; limit: number } = {
      start: from ?? Buffer.alloc(0),
      exclusiveStart: from !== null,
      limit: portion,
    }
    const keys: Buffer[] = [...table.getKeys(range)]
    if (keys.length === 0) return
    from = keys[keys.length - 1]
    const unwanted = keys.filter((key) => !keep(key))
    if (unwanted.length === 0) continue
    environment.root.transactionSync(() => {
      for (const key of unwanted) table.removeSync(key)
    })
  }
}

function isWhole(
  environment: Environment,
  table: Table,
  visitor: SweepVisitor,
  judge: Judge,
): (key: Buffer) => boolean {
  return (key) => {
    const head = environment.tables[table].getBinary(key)
    const value =
      head === undefined ? null : assemble(table, key, head, (piece) => environment.pieces.getBinaryFast(piece))
    const right = value !== null && judge(table, key, value)
    if (right) visitor.kept(table, key, value)
    else visitor.removed(table, key)
    return right
  }
}

function hasBlock(environment: Environment, visitor: SweepVisitor): (key: Buffer) => boolean {
  return (key) => {
    const there = environment.tables[Table.Blocks].getBinaryFast(key) !== undefined
    for (const value of environment.tables[Table.Acknowledgements].getValues(key)) {
      if (there) visitor.kept(Table.Acknowledgements, key, value)
      else visitor.removed(Table.Acknowledgements, key)
    }
    return there
  }
}

function hasHead(environment: Environment): (key: Buffer) => boolean {
  return (key) => {
    const table = key.length > 5 && key[0] < piecesPlace ? everyTable[key[0]] : null
    if (table === null || table === Table.Acknowledgements) return false
    const head = environment.tables[table].getBinaryFast(key.subarray(1, key.length - 4))
    const number = key.readUInt32BE(key.length - 4)
    return head !== undefined && number > 0 && number <= piecesBehind(head)
  }
}
