import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { type PresumedClient, presumeClient } from '../../../src/cli/explain-client.ts'
import type { ClientOptions } from '../../../src/cli/explain-given.ts'
import { type Answer, answerOf } from '../../../src/cli/explain-request.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import { folder } from '../authn/certificate-kit.ts'

/** A password hash that no password fits. */
const hash = `$6$${Buffer.from('of 12 bytes:').toString('base64')}$${Buffer.alloc(64).toString('base64')}`

export const usersText = `users:
  - { name: alice, password: "${hash}", roles: [operator], groups: [east], attributes: { area: north } }
  - { name: carol, password: "${hash}", disabled: true }
  - { name: dave, password: "${hash}", client_ids: ["dave-*"] }
`

/** Who clients would be, and what they may do, with a configuration in a folder; `%` in texts stands for the folder. */
export function place(t: TestContext, configuration: string, contents: Readonly<Record<string, string | Buffer>> = {}) {
  const { write, path } = folder(t)
  const files = new WatchedFiles()
  t.after(() => files.close())
  for (const [name, text] of Object.entries(contents)) write(name, text)
  const config: Config = loadConfig({ file: write('broker.yaml', configuration.replaceAll('%', path)) })
  const who = async (given: Partial<ClientOptions> = {}): Promise<PresumedClient> => {
    const options = { client: 'c', role: [], group: [], attribute: [], ...given }
    return await presumeClient(options, config, { clock: systemClock(), files })
  }
  const ask = async (action: string, topic?: string, given: Partial<ClientOptions> = {}): Promise<Answer> =>
    await answerOf({ action, topic, qos: 0, retain: false }, await who(given), config)
  return { who, ask, path, write, config }
}
