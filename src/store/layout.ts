import type { Environment } from './environment.ts'
import { encodeLayout, metaKeys } from './meta.ts'
import { layoutVersion, Table } from './records.ts'

/** Changes the tables of one version of the layout into those of the next. Nobody sees them in between. */
export type Upgrade = (environment: Environment) => void

/** The version that is written now, and how to come to it from each of those before. */
export interface Layouts {
  readonly current: number
  /** By the version they begin with. */
  readonly upgrades: ReadonlyMap<number, Upgrade>
}

/** Version 1 is the first. */
export const layouts: Layouts = { current: layoutVersion, upgrades: new Map() }

/** True when `version` is the current one, or there is a way to it. */
export function canUpgrade({ current, upgrades }: Layouts, version: number): boolean {
  if (version > current) return false
  for (let at = version; at < current; at++) if (!upgrades.has(at)) return false
  return true
}

/** Goes version by version, each in one transaction that also takes note of the new one. */
export function upgrade(environment: Environment, { current, upgrades }: Layouts, version: number): void {
  for (let at = version; at < current; at++) {
    environment.root.transactionSync(() => {
      upgrades.get(at)?.(environment)
      environment.tables[Table.Meta].putSync(metaKeys.layout, encodeLayout(at + 1))
    })
  }
}
