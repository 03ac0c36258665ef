import { Command } from 'commander'

const examples = `
Examples:
  petaltail store check                                 is everything in ./data as it was written?
  petaltail store stats --store /var/lib/petaltail      what is in it, and how much of the file is free
  petaltail store backup /backup/monday                 also while the broker runs
  petaltail store restore /backup/monday --force        the store that is there is moved aside
  petaltail store compact                               give free space back; the broker must be stopped

docs/store.md tells what is kept, and when it is safe.`

interface StoreOptions {
  readonly store: string
}

/** `petaltail store …`: what can be done with a store from outside. */
export function storeCommand(): Command {
  const command = new Command('store')
    .helpCommand(false)
    .description('check, back up, restore, compact or describe a store')
  command.addCommand(check()).addCommand(stats()).addCommand(backup()).addCommand(restore()).addCommand(compact())
  return command.addHelpText('after', examples)
}

function check(): Command {
  const command = sub('check', 'look at every entry; ends with 1 when something is not as it was written')
  return command.action(async ({ store }: StoreOptions) => {
    const { checkStore } = await import('../store.ts')
    await checkStore(store)
  })
}

function stats(): Command {
  return sub('stats', 'what is in it, and how large it is').action(async ({ store }: StoreOptions) => {
    const { describeStore } = await import('../store.ts')
    await describeStore(store)
  })
}

function backup(): Command {
  const command = sub('backup', 'copy it into another folder, also while the broker runs').argument('<folder>')
  return command.action(async (folder: string, { store }: StoreOptions) => {
    const { backUp } = await import('../store.ts')
    await backUp(store, folder)
  })
}

function restore(): Command {
  const command = sub('restore', 'put a copy of a backup in its place').argument('<backup>')
  command.option('--force', 'move a store that is there aside')
  return command.action(async (from: string, { store, force }: StoreOptions & { readonly force?: boolean }) => {
    const { restore } = await import('../store.ts')
    await restore(from, store, force === true)
  })
}

function compact(): Command {
  return sub('compact', 'give its free space back to the file system').action(async ({ store }: StoreOptions) => {
    const { compact } = await import('../store.ts')
    await compact(store)
  })
}

function sub(name: string, description: string): Command {
  const command = new Command(name).description(description).allowExcessArguments(false)
  return command.option('--store <folder>', 'the folder of the store', 'data')
}
