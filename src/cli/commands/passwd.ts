import { Command, Option } from 'commander'
import { wholeNumber } from '../client/values.ts'
import type { PasswdOptions } from '../passwd.ts'

const kinds = ['argon2id', 'sha512-pbkdf2', 'sha512', 'bcrypt']

const examples = `
Without -b the password is asked for, or read from standard input. The file is that of Mosquitto, name:hash, or a list of users
when its name ends with .yaml. It is replaced as a whole: a broker that watches it sees the old one or the new one.

Examples:
  petaltail passwd -c users alice                     make a file; one that is there is replaced
  petaltail passwd users bob                          add a user, or change the password
  petaltail passwd -D users bob                       remove a user
  pwgen 20 1 | petaltail passwd users pump-7          the password from another program
  petaltail passwd --scram users pump-7               and what SCRAM-SHA-256 and SCRAM-SHA-512 need
  petaltail passwd -U users                           hash the passwords in a file that are not hashed
  petaltail passwd -b - bob secret                    print the line

A password after -b can be seen by other users of the machine, and stays in the history of the shell.
docs/passwords.md tells what the hashes are worth.`

/** `petaltail passwd`: users and passwords in a file. */
export function passwdCommand(): Command {
  const command = new Command('passwd').description('add, change and remove users and passwords in a file')
  command.argument('<file>', 'password file, or "-" to print the line').argument('[name]').argument('[password]')
  command.option('-c, --create', 'make the file; one that is there is replaced')
  command.option('-b, --batch', 'the password is given as third argument')
  command.option('-D, --delete', 'remove the user')
  command.option('-U, --upgrade', 'hash the passwords of the file that are not hashed yet')
  command.addOption(new Option('-H, --hash <kind>', 'how passwords are hashed').choices(kinds).default('argon2id'))
  command.option('-I, --iterations <n>', 'for sha512-pbkdf2 (default: 210000)', wholeNumber(1, 2_000_000))
  command.option('--scram', 'make verifiers for SCRAM, too')
  command.allowExcessArguments(false).addHelpText('after', examples)
  return command.action(run)
}

async function run(
  file: string,
  name: string | undefined,
  password: string | undefined,
  options: PasswdOptions,
): Promise<void> {
  const { passwd } = await import('../passwd.ts')
  await passwd(file, name, password, options)
}
