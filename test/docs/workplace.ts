import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { installed } from '../system/cli-kit.ts'
import { root } from './document.ts'

const main = join(root, 'src', 'cli', 'main.ts')

/** A folder in which examples find the packages they import, and their commands; removed when the scope ends. */
export class Workplace implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'petaltail-docs-')))

  /** The folder of the commands, to be first in PATH. */
  readonly commands = join(this.path, 'commands')

  constructor() {
    mkdirSync(this.commands)
    this.#command('node', `"${process.execPath}" "$@"`)
    this.#command('petaltail', `"${process.execPath}" "${main}" "$@"`)
    // In a checkout npx finds the command of the package itself.
    this.#command('npx', '"$@"')
    symlinkSync(join(root, 'node_modules'), join(this.path, 'node_modules'), 'dir')
    this.write('package.json', '{ "type": "module" }')
  }

  write(name: string, text: string): string {
    const file = join(this.path, name)
    writeFileSync(file, text)
    return file
  }

  /** Writes a program; the package it imports is the one in this repository. */
  program(name: string, text: string): string {
    const sources = relative(this.path, join(root, 'src', 'index.ts'))
      .split(sep)
      .join('/')
    return this.write(name, `${text.replaceAll("'petaltail'", `'${sources}'`)}\nexport {}\n`)
  }

  /** Clients that are not told a port use this one. */
  usualPort(port: number): void {
    this.#command('petaltail', `env MQTT_TCP_PORT=${port} "${process.execPath}" "${main}" "$@"`)
    for (const name of ['mosquitto_pub', 'mosquitto_sub']) {
      const path = installed(name)
      if (path !== null) this.#command(name, `"${path}" -p ${port} "$@"`)
    }
  }

  #command(name: string, line: string): void {
    const file = join(this.commands, name)
    writeFileSync(file, `#!/bin/sh\nexec ${line}\n`)
    chmodSync(file, 0o755)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
