// Runs the test files named as arguments in this process, one after the other: starting Node for each would take longer
// than most of them take. Each is a suite of its own, so that its hooks are its own and only its broker runs meanwhile.

import { resolve } from 'node:path'
import { describe } from 'node:test'
import { pathToFileURL } from 'node:url'

for (const file of process.argv.slice(2)) {
  describe(file, async () => {
    await import(pathToFileURL(resolve(file)).href)
  })
}
