#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=20
// A small young generation: pauses stay short, and idle connections and subscriptions cost half the memory.
// Must parse, and say what is wrong, on versions of Node that are much too old for the rest.
const major = Number(process.versions.node.split('.')[0])

if (major < 24) {
  console.error(`petaltail: needs Node.js 24 or later, and this is ${process.version}: https://nodejs.org`)
  process.exitCode = 1
} else {
  import('node:fs').then(({ existsSync }) => {
    const source = new URL('../src/cli/main.ts', import.meta.url)
    // A checkout runs its sources, which may be newer than what was built of them.
    return import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href)
  })
}
