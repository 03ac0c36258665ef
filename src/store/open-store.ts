import { openLmdbTables } from './lmdb-tables.ts'
import type { Tables } from './tables.ts'

/** Opens the store of a folder. (Detection of damage: to come.) */
export async function openStoreDirectory(
  directory: string,
  options: { readonly early: boolean },
): Promise<{ readonly tables: Tables; readonly report: object | null }> {
  return { tables: await openLmdbTables(directory, options), report: null }
}
