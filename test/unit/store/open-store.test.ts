import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BrokerError } from '../../../src/base/errors.ts'
import { Batch } from '../../../src/store/batch.ts'
import { nextFile, recoveredFile } from '../../../src/store/files.ts'
import { receivedKey } from '../../../src/store/keys.ts'
import type { Layouts } from '../../../src/store/layout.ts'
import { type OpenedStore, openStoreDirectory } from '../../../src/store/open-store.ts'
import { layoutVersion, Table } from '../../../src/store/records.ts'
import { weightOfRetained } from '../../../src/store/retained-record.ts'
import { encodeReceived } from '../../../src/store/session-record.ts'
import { everyEntry } from '../../../src/store/tables.ts'
import { contentsOf, fill, fillTables, StoreFolder } from './filled-store.ts'

const little = { sessions: 20, blocks: 10, retained: 30 }
const asRoot = process.getuid?.() === 0

async function refusal(opening: Promise<OpenedStore>): Promise<BrokerError> {
  const { BrokerError } = await import('../../../src/base/errors.ts')
  try {
    const { tables } = await opening
    await tables.close()
  } catch (error) {
    assert.ok(error instanceof BrokerError, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'it was opened' })
}

test('a folder that is missing is made, with files for this user alone', {
  skip: process.platform === 'win32',
}, async () => {
  using folder = new StoreFolder()
  const path = join(folder.path, 'deep', 'down')
  const { tables, report, upgraded } = await openStoreDirectory(path, { early: false })
  assert.deepEqual([report, upgraded], [null, null])
  assert.deepEqual(tables.last(), { position: 0, wall: 0 })
  assert.equal(statSync(path).mode & 0o777, 0o700)
  for (const name of ['data.mdb', 'data.mdb-lock']) assert.equal(statSync(join(path, name)).mode & 0o777, 0o600, name)
  await tables.close()
  assert.deepEqual(readdirSync(path).sort(), ['data.mdb', 'data.mdb-lock'])
})

test('what was in a store is in it after it was closed and opened again', async () => {
  using folder = new StoreFolder()
  const contents = await fill(folder, little)
  const { tables, report } = await folder.open()
  assert.equal(report, null)
  assert.deepEqual(contentsOf(tables), contents)
  await tables.close()
})

test('a store that was made but never used is as it was made', async () => {
  using folder = new StoreFolder()
  await (await folder.open()).tables.close()
  const { tables, report } = await folder.open()
  assert.equal(report, null)
  await tables.close()
})

test('retained messages are counted while the store is looked at, until something changes', async () => {
  using folder = new StoreFolder()
  await fill(folder, little)
  const { tables } = await folder.open()
  let weight = 0
  for (const { value } of everyEntry(tables, Table.Retained, 100)) weight += weightOfRetained(value)
  assert.deepEqual(tables.retained, { count: little.retained, weight })
  await tables.apply(new Batch().seal(tables.last().position + 1, 1)).synced
  assert.equal(tables.retained, null)
  await tables.close()
})

describe('two at a time', () => {
  test('a store that is open in this process is refused, until it is closed', async () => {
    using folder = new StoreFolder()
    const { tables } = await folder.open()
    const error = await refusal(folder.open())
    assert.equal(error.code, 'STORE_LOCKED')
    assert.ok(error.message.includes(`process ${process.pid}`), error.message)
    await tables.close()
    await (await folder.open()).tables.close()
  })

  test('a store that is open in another process is refused with its process id, and free when that is killed', async () => {
    using folder = new StoreFolder()
    const module = fileURLToPath(new URL('../../../src/store/open-store.ts', import.meta.url))
    const code = `import { openStoreDirectory } from ${JSON.stringify(module)}
      await openStoreDirectory(process.argv[1], { early: false })
      process.stdout.write('open')
      setInterval(() => {}, 1000)`
    const other = spawn(process.execPath, ['--input-type=module', '-e', code, folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(other.stdout, 'data')
      const error = await refusal(folder.open())
      assert.equal(error.code, 'STORE_LOCKED')
      assert.ok(error.message.includes(`process ${other.pid}`), error.message)
    } finally {
      other.kill('SIGKILL')
      await once(other, 'close')
    }
    await (await folder.open()).tables.close()
  })

  test('a folder whose path is too long for a socket is locked as well', async () => {
    using folder = new StoreFolder()
    const path = join(folder.path, 'x'.repeat(120))
    const { tables } = await openStoreDirectory(path, { early: false })
    assert.equal((await refusal(openStoreDirectory(path, { early: false }))).code, 'STORE_LOCKED')
    await tables.close()
    assert.deepEqual(readdirSync(path).sort(), ['data.mdb', 'data.mdb-lock'])
  })

  test('whatever else has the name of the lock is no lock', async () => {
    for (const make of [(path: string) => writeFileSync(path, 'old'), (path: string) => mkdirSync(path)]) {
      using folder = new StoreFolder()
      make(join(folder.path, 'lock'))
      await (await folder.open()).tables.close()
    }
  })
})

describe('other layouts', () => {
  const older: Layouts = { current: 3, upgrades: new Map() }
  const renamed = Buffer.from('renamed')

  test('a store of a later layout is refused, and nothing is touched', async () => {
    using folder = new StoreFolder()
    const { tables } = await folder.open({ layouts: { current: layoutVersion + 1, upgrades: new Map() } })
    await fillTables(tables, little)
    await tables.close()
    const before = readFileSync(folder.data)
    const error = await refusal(folder.open())
    assert.equal(error.code, 'STORE_TOO_NEW')
    assert.ok(error.message.includes(folder.path), error.message)
    assert.deepEqual(readFileSync(folder.data), before)
    assert.deepEqual(readdirSync(folder.path).sort(), ['data.mdb', 'data.mdb-lock'])
  })

  test('a store of an earlier layout is copied and then upgraded, version by version', async () => {
    using folder = new StoreFolder()
    const contents = await fill(folder, little)
    const layouts: Layouts = {
      current: layoutVersion + 2,
      upgrades: new Map([
        [layoutVersion, ({ tables }) => void tables[Table.Meta].putSync(renamed, Buffer.from('1'))],
        [layoutVersion + 1, ({ tables }) => void tables[Table.Meta].putSync(renamed, Buffer.from('2'))],
      ]),
    }
    const { tables, report, upgraded } = await folder.open({ layouts })
    assert.equal(report, null)
    assert.ok(upgraded !== null)
    assert.deepEqual([upgraded.from, upgraded.to], [layoutVersion, layoutVersion + 2])
    assert.equal(tables.get(Table.Meta, renamed)?.toString(), '2')
    assert.deepEqual({ ...contentsOf(tables), meta: [] }, { ...contents, meta: [] })
    await tables.close()

    const backup = await openStoreDirectory(dirname(upgraded.backup), { early: false })
    assert.deepEqual(contentsOf(backup.tables), contents)
    await backup.tables.close()
    const again = await folder.open({ layouts })
    assert.equal(again.upgraded, null)
    await again.tables.close()
  })

  test('an upgrade that fails leaves the store as it was', async () => {
    using folder = new StoreFolder()
    const contents = await fill(folder, little)
    const fail: Layouts = {
      current: layoutVersion + 1,
      upgrades: new Map([
        [
          layoutVersion,
          ({ tables }) => {
            tables[Table.Sessions].clearSync()
            throw new Error('not that way')
          },
        ],
      ]),
    }
    await assert.rejects(folder.open({ layouts: fail }), /not that way/)
    const { tables } = await folder.open()
    assert.deepEqual(contentsOf(tables), contents)
    await tables.close()
  })

  test('a store of an earlier layout to which there is no way is refused', async () => {
    using folder = new StoreFolder()
    await fill(folder, little)
    const error = await refusal(folder.open({ layouts: older }))
    assert.equal(error.code, 'STORE_UNUSABLE')
  })
})

describe('a process that ended in the middle', () => {
  test('of making a store: it is made anew', async () => {
    using folder = new StoreFolder()
    writeFileSync(join(folder.path, nextFile), Buffer.alloc(5_000))
    const { tables, report } = await folder.open()
    assert.equal(report, null)
    await tables.close()
    assert.deepEqual(readdirSync(folder.path).sort(), ['data.mdb', 'data.mdb-lock'])
  })

  test('of a recovery, before the damaged file was moved: it is done again', async () => {
    using folder = new StoreFolder()
    const contents = await fill(folder, little)
    writeFileSync(join(folder.path, recoveredFile), 'half')
    writeFileSync(join(folder.path, nextFile), 'half')
    const { tables } = await folder.open()
    assert.deepEqual(contentsOf(tables), contents)
    await tables.close()
    assert.deepEqual(readdirSync(folder.path).sort(), ['data.mdb', 'data.mdb-lock'])
  })

  test('of a recovery, after the damaged file was moved: it is brought to its end', async () => {
    using folder = new StoreFolder()
    using other = new StoreFolder()
    const contents = await fill(other, little)
    cpSync(other.data, join(folder.path, recoveredFile))
    const { tables } = await folder.open()
    assert.deepEqual(contentsOf(tables), contents)
    await tables.close()
    assert.deepEqual(readdirSync(folder.path).sort(), ['data.mdb', 'data.mdb-lock'])
  })
})

describe('a store that cannot be used', () => {
  test('a file where the folder should be is told', async () => {
    using folder = new StoreFolder()
    const path = join(folder.path, 'file')
    writeFileSync(path, '')
    const error = await refusal(openStoreDirectory(path, { early: false }))
    assert.equal(error.code, 'STORE_UNUSABLE')
    assert.ok(error.message.includes(path), error.message)
  })

  test('without permission nothing is moved', { skip: !asRoot && 'only root can become somebody else' }, async () => {
    using folder = new StoreFolder()
    await fill(folder, little)
    chmodSync(folder.path, 0o755)
    const before = readdirSync(folder.path).sort()
    assert.match(await asNobody(folder.path), /^STORE_UNUSABLE .*EACCES/)
    chownSync(folder.path, nobody, nobody)
    assert.match(await asNobody(folder.path), /^STORE_UNUSABLE .*EACCES/)
    assert.deepEqual(readdirSync(folder.path).sort(), before)
  })
})

const nobody = 65_534

/** What a process of another user hears when it opens the store. */
async function asNobody(path: string): Promise<string> {
  const module = fileURLToPath(new URL('../../../src/store/open-store.ts', import.meta.url))
  const code = `import { openStoreDirectory } from ${JSON.stringify(module)}
    process.setgid(${nobody})
    process.setuid(${nobody})
    try {
      await openStoreDirectory(process.argv[1], { early: false })
      console.log('opened')
    } catch (error) {
      console.log(error.code, error.message)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => (text += String(chunk)))
  await once(child, 'close')
  return text
}

test('a store whose commits were told of early can be opened either way afterwards', async () => {
  using folder = new StoreFolder()
  let position = 0
  for (const early of [true, false, true, true, false, false]) {
    const { tables, report } = await folder.open({ early })
    assert.equal(report, null)
    assert.equal(tables.last().position, position)
    const batch = new Batch()
    position++
    const key = receivedKey(position, 1)
    batch.put(Table.Received, key, encodeReceived(key))
    await tables.apply(batch.seal(position, 1)).synced
    assert.equal(tables.scan(Table.Received, Buffer.alloc(0), false, 99).length, position)
    await tables.close()
  }
})
