import type { Fleet } from './fleet.ts'

/** Ends the persistent sessions of the links [from, to), so that a broker that runs on keeps nothing of the bench. */
export async function forgetSessions(fleet: Fleet, from: number, to: number): Promise<void> {
  const links = fleet.links.slice(from, to)
  await Promise.all(links.map((link) => link.close()))
  for (const link of links) {
    link.cleanSession = true
    link.filter = null
  }
  await fleet.open(from, to)
  await Promise.all(links.map((link) => link.close()))
}
