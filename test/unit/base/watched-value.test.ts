import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { WatchedFiles } from '../../../src/base/watched-files.ts'
import { WatchedValue } from '../../../src/base/watched-value.ts'

/** Two files, and the value they make: the one text behind the other, neither of which may be `bad`. */
class Place {
  readonly files = new WatchedFiles()
  readonly paths: readonly string[]
  readonly rounds: (string | null)[] = []
  reads = 0
  /** What is done in the middle of reading. */
  meanwhile: () => Promise<void> = async () => {}
  #tell: () => void = () => {}

  constructor(directory: string) {
    this.paths = ['a', 'b'].map((name) => join(directory, name))
  }

  static async make(t: TestContext): Promise<Place> {
    const directory = await mkdtemp(join(tmpdir(), 'petaltail-value-'))
    const place = new Place(directory)
    t.after(async () => {
      place.files.close()
      await rm(directory, { recursive: true })
    })
    await place.write('one', 'two')
    return place
  }

  async write(...texts: string[]): Promise<void> {
    for (const [index, text] of texts.entries()) await writeFile(this.paths[index] ?? '', text)
  }

  open(): Promise<WatchedValue<string>> {
    const making = {
      paths: this.paths,
      read: () => this.#read(),
      done: (error: unknown) => {
        this.rounds.push(error instanceof Error ? error.message : null)
        this.#tell()
      },
    }
    return WatchedValue.open(making, this.files)
  }

  /** Resolves when the files were read again. */
  async reload(): Promise<void> {
    const told = new Promise<void>((resolve) => (this.#tell = resolve))
    this.files.reload()
    await told
  }

  async #read(): Promise<string> {
    this.reads++
    const texts = await Promise.all(this.paths.map((path) => readFile(path, 'utf8')))
    await this.meanwhile()
    if (texts.includes('bad')) throw new Error('it is bad')
    return texts.join('+')
  }
}

test('files that changed together are read once, and the value is what they say', async (t) => {
  const place = await Place.make(t)
  const watched = await place.open()
  equal(watched.value, 'one+two')
  await place.write('three', 'four')
  equal(watched.stale, false)
  const reloaded = place.reload()
  equal(watched.stale, true)
  await reloaded
  equal(watched.stale, false)
  equal(watched.value, 'three+four')
  equal(place.reads, 2)
  deepEqual(place.rounds, [null])
})

test('files that cannot be used leave the value as it was, until they can', async (t) => {
  const place = await Place.make(t)
  const watched = await place.open()
  await place.write('bad')
  await place.reload()
  equal(watched.value, 'one+two')
  await rm(place.paths[0] ?? '')
  await place.reload()
  equal(watched.value, 'one+two')
  await place.write('good')
  await place.reload()
  equal(watched.value, 'good+two')
  equal(place.rounds.length, 3)
  equal(place.rounds[0], 'it is bad')
  equal(place.rounds[2], null)
})

test('files that change while they are read are read again, and told of once', async (t) => {
  const place = await Place.make(t)
  const watched = await place.open()
  place.meanwhile = async () => {
    place.meanwhile = async () => {}
    await place.write('five', 'six')
    place.files.reload()
  }
  await place.reload()
  equal(watched.value, 'five+six')
  equal(place.reads, 3)
  deepEqual(place.rounds, [null])
})

test('a change during the first reading is not missed', async (t) => {
  const place = await Place.make(t)
  place.meanwhile = async () => {
    place.meanwhile = async () => {}
    await place.write('seven')
    place.files.reload()
  }
  const watched = await place.open()
  equal(watched.value, 'one+two')
  while (watched.stale) await setImmediate()
  equal(watched.value, 'seven+two')
})

test('files that cannot be used at the start are an error, and not watched', async (t) => {
  const place = await Place.make(t)
  await place.write('bad')
  await rejects(place.open(), { message: 'it is bad' })
  place.files.reload()
  await setImmediate()
  await setImmediate()
  equal(place.reads, 1)
})

test('nothing is read or told after the end', async (t) => {
  const place = await Place.make(t)
  const watched = await place.open()
  place.files.reload()
  await watched.close()
  place.files.reload()
  await setImmediate()
  equal(place.reads, 1)
  deepEqual(place.rounds, [])
})
