import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '../../src/base/log.ts'
import { packageVersion } from '../../src/base/version.ts'
import type { Broker } from '../../src/broker.ts'
import { startCommand } from '../../src/cli/commands/start.ts'
import type { StartOptions } from '../../src/cli/start.ts'
import { welcome } from '../../src/cli/welcome.ts'
import { refuseUnprotected } from '../../src/config/listeners.ts'
import { loadConfig } from '../../src/config/load.ts'
import { startBroker } from '../../src/start-broker.ts'
import { freePort } from '../system/cli-kit.ts'
import { type Block, blocksOf, type Document, fileOf } from './document.ts'
import { shownAs, Terminal, until } from './terminal.ts'
import { Workplace } from './workplace.ts'

/** The ports the documents use; each stands for a free one. */
const documented = [1883, 1884, 1885, 1886, 8080, 8081, 8083, 8084, 8883, 8884]
/** Where the reader of a document has the repository. */
const documentedFolder = '/home/you/petaltail'
const portPattern = new RegExp(`\\b(${documented.join('|')})\\b`, 'g')
const startPattern = /^((?:[A-Z_]+=\S+ )*)(?:npm ci && )?(?:npm start|(?:npx )?petaltail start)(?: -- )?(.*)$/

/** Somebody who does what a document says, block by block, and compares what is shown with what the document shows. */
export class Reader implements AsyncDisposable {
  readonly #ports: ReadonlyMap<string, number>
  readonly #workplace = new Workplace()
  readonly #brokers: Broker[] = []
  readonly #terminals = new Map<string, Terminal>()
  /** What the last block printed. */
  #printed = ''
  /** Does the last block once more, where what it shows comes a moment later. */
  #again: (() => Promise<void>) | null = null
  #programs = 0

  private constructor(ports: ReadonlyMap<string, number>) {
    this.#ports = ports
    this.#workplace.usualPort(ports.get('1883') ?? 0)
    process.chdir(this.#workplace.path)
  }

  /** Begins with the files of a document: the blocks in it that have a name. */
  static async begin(document: Document): Promise<Reader> {
    const ports = new Map<string, number>()
    for (const port of documented) ports.set(String(port), await freePort())
    const reader = new Reader(ports)
    for (const block of blocksOf(document)) {
      const name = fileOf(block)
      if (name === null) continue
      const placed = reader.#withFreePorts(block.text)
      if (block.language === 'ts') reader.#workplace.program(name, placed)
      else reader.#workplace.write(name, `${placed}\n`)
    }
    return reader
  }

  async take(block: Block): Promise<void> {
    const { language, words } = block
    const text = this.#withFreePorts(block.text)
    if (language !== 'text') this.#again = null
    if (words.includes('skip') || fileOf(block) !== null) return
    if (language === 'ts' && words.includes('run')) await this.#program(text)
    else if (language === 'text') await this.#compare(block)
    else if (language === 'sh') await this.#command(block, text)
  }

  /** Closes the terminals that show something; brokers go on. */
  async pause(): Promise<void> {
    for (const terminal of this.#terminals.values()) await terminal[Symbol.asyncDispose]()
    this.#terminals.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pause()
    for (const broker of this.#brokers) await broker.close()
    process.chdir('/')
    this.#workplace[Symbol.dispose]()
  }

  #withFreePorts(text: string): string {
    return text.replace(portPattern, (port) => String(this.#ports.get(port)))
  }

  async #command(block: Block, text: string): Promise<void> {
    const start = startPattern.exec(block.text)
    if (block.words.includes('process')) return this.#startProcess(text, start === null ? '\n' : 'Stop with Ctrl-C.')
    if (start !== null) return this.#start(start[1] ?? '', start[2] ?? '')
    const terminal = new Terminal(text, this.#workplace)
    const name = block.words.find((word) => word.startsWith('terminal'))
    if (name === undefined) {
      await using ending = terminal
      const soon = block.words.includes('soon')
      this.#printed = await ending.finish(soon ? null : block.words.includes('fails'))
      if (soon) this.#again = () => this.#command(block, text)
      return
    }
    const before = this.#subscribed
    this.#terminals.set(name, terminal)
    await until(() => this.#subscribed > before || terminal.over)
  }

  async #program(text: string): Promise<void> {
    const file = this.#workplace.program(`example-${++this.#programs}.ts`, text)
    await using terminal = new Terminal(`node "${file}"`, this.#workplace)
    this.#printed = await terminal.finish(false)
  }

  async #compare(block: Block): Promise<void> {
    const name = block.words.find((word) => word.startsWith('terminal'))
    if (name !== undefined) await this.#terminals.get(name)?.shows(shownAs(block.text))
    else {
      const expected = shownAs(block.text)
      const shown = () => expected.test(this.#asDocumented(this.#printed))
      for (let tries = 0; tries < 20 && this.#again !== null && !shown(); tries++) {
        await delay(200)
        await this.#again()
      }
      assert.match(this.#asDocumented(this.#printed), expected)
    }
  }

  #asDocumented(text: string): string {
    let told = text.replaceAll(this.#workplace.path, documentedFolder)
    for (const [port, free] of this.#ports) told = told.replaceAll(String(free), port)
    return told
  }

  /** Starts what the document will kill or signal, and waits until it has said that it is ready. */
  async #startProcess(text: string, ready: string): Promise<void> {
    const terminal = new Terminal(text, this.#workplace)
    this.#terminals.set(`process-${this.#terminals.size}`, terminal)
    await terminal.prints(ready)
  }

  /** Starts the broker a command asks for in this process, with free ports on the loopback address. */
  async #start(variables: string, given: string): Promise<void> {
    let options: StartOptions = {}
    const command = startCommand().action((parsed: StartOptions) => {
      options = parsed
    })
    await command.parseAsync(wordsOf(given), { from: 'user' })
    const environment = Object.fromEntries(
      wordsOf(variables).map((word): [string, string] => [word.replace(/=.*/, ''), word.replace(/^[^=]*=/, '')]),
    )
    const { config: file, ...commandLine } = options
    const config = loadConfig({ file, environment, commandLine })
    refuseUnprotected(config)
    const listeners = await Promise.all(
      config.listeners.map(async (each) => ({ ...each, url: await this.#place(each.url) })),
    )
    this.#brokers.push(await startBroker({ ...config, listeners }, silentLog))
    const urls = config.listeners.map(({ url }) => url)
    this.#printed = this.#asDocumented(welcome(packageVersion(), config, urls, 'npx petaltail'))
  }

  async #place(url: string): Promise<string> {
    if (url.startsWith('unix:')) return url
    const port = /:(\d+)/.exec(url.replace('[::1]', ''))?.[1] ?? '0'
    // The port of a file is a free one already, that of a flag or a default is not.
    const free = url.includes('[::1]') ? await freePort() : (this.#ports.get(port) ?? port)
    return url.replace(/\/\/[^/]*/, `//127.0.0.1:${free}`)
  }

  get #subscribed(): number {
    return this.#brokers.reduce((sum, { counters }) => sum + counters.subscribesAccepted, 0)
  }
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}
