#!/usr/bin/env node
// Must parse, and say what is wrong, on versions of Node that are much too old for the rest.
const major = Number(process.versions.node.split('.')[0])

if (major < 24) {
  console.error(`petaltail: needs Node.js 24 or later, and this is ${process.version}: https://nodejs.org`)
  process.exitCode = 1
} else {
  import('node:fs').then(({ existsSync }) => {
    const built = new URL('../dist/cli/main.js', import.meta.url)
    // A checkout that was never built runs its sources.
    return import(existsSync(built) ? built.href : new URL('../src/cli/main.ts', import.meta.url).href)
  })
}
