import { Command, Option } from 'commander'
import { revocationReasons } from '../../pki/authority/revoke-reasons.ts'
import type { InitOptions, ListOptions, RevokeOptions, RotateOptions } from '../ca.ts'
import type { ExportOptions, ImportOptions } from '../ca-export.ts'
import type { IssueOptions, RenewOptions } from '../ca-issue.ts'
import { wholeNumber } from '../client/values.ts'

const examples = `
Examples:
  petaltail ca init --name Example                          a root, and an authority below it that issues, in ./ca
  petaltail ca issue server mqtt.example.org --ip 192.0.2.7 mqtt.example.org.pem and .key
  petaltail ca issue client pump-7                          pump-7.pem and pump-7.key
  petaltail ca issue client pump-7 --csr pump-7.csr         for a key that stays where it was made
  petaltail ca issue client pump-7 --format hex             for the console of a device
  petaltail ca list --expiring 30                           what has to be renewed
  petaltail ca renew pump-7                                 for the same key
  petaltail ca revoke pump-7 --reason key-compromise        and sign the revocation list
  petaltail ca export --root-key --out /media/stick/root.key
  petaltail ca rotate --root-key /media/stick/root.key      another authority issues from now on

Keys are encrypted when a passphrase is given: with --passphrase-file, or in PETALTAIL_CA_PASSPHRASE, or in the file that
PETALTAIL_CA_PASSPHRASE_FILE names. docs/certificate-authority.md tells what is in the folder, and how to keep it.`

/** `petaltail ca …`: a certificate authority in a folder. */
export function caCommand(): Command {
  const command = new Command('ca').helpCommand(false).description('make, renew and revoke certificates')
  command.addCommand(init()).addCommand(issue()).addCommand(renew()).addCommand(revoke()).addCommand(list())
  command.addCommand(exporting()).addCommand(importing()).addCommand(rotate())
  return command.addHelpText('after', examples)
}

function init(): Command {
  const command = sub('init', 'make an authority')
  command.option('--name <name>', 'what it calls itself (default: the name of this machine)')
  command.option('--rsa', 'RSA keys of 2048 bits, not EC keys on P-256: for devices that know nothing else')
  command.option('--root-key <file>', 'where the key of the root goes (default: root.key in the folder)')
  return command.action(async (options: InitOptions) => {
    const { initAuthority } = await import('../ca.ts')
    await initAuthority(options)
  })
}

const requests = `
Of a request (--csr) the key is taken, when it is strong enough and signed the request. The name is the one given here: that in
the request must be the same, or missing. Alternative names it asks for must be given here, too, or allowed with
--request-names. What the certificate may be used for is decided here, whatever the request says.

pem: NAME.pem with the certificate and those above it, and NAME.key. der and hex: NAME.der, NAME.key.der and so on, each
with one thing. p12: NAME.p12 with all of it. Keys are PKCS#8; with --key-passphrase-file, or PETALTAIL_CA_KEY_PASSPHRASE,
they are encrypted. p12 needs that, and small devices cannot read it.`

function issue(): Command {
  const command = sub('issue', 'make a certificate, and its key')
    .argument('<kind>', 'server or client')
    .argument('<name>')
  command.option('--dns <name>', 'host name it is for; may be repeated', several, [])
  command.option('--ip <address>', 'address it is for; may be repeated', several, [])
  command.option('--uri <uri>', 'URI it is for; may be repeated', several, [])
  command.option('--email <address>', 'e-mail address it is for; may be repeated', several, [])
  command.option('--organization <name>', 'O of the subject').option('--unit <name>', 'OU of the subject')
  command.option('--country <code>', 'C of the subject, two letters')
  command.option('--csr <file>', 'the request with the key it is for')
  command.option('--request-names', 'allow the alternative names that the request asks for')
  command.option('--rsa', 'an RSA key of 2048 bits, not an EC key on P-256')
  command.option('--crl-url <url>', 'where you publish crl.pem, for those who look')
  return output(command).addHelpText('after', requests).action(runIssue)
}

async function runIssue(kind: string, name: string, options: IssueOptions): Promise<void> {
  const { issueCertificate } = await import('../ca-issue.ts')
  await issueCertificate(kind, name, options)
}

function renew(): Command {
  const command = sub('renew', 'make a certificate that follows another').argument('<certificate>', which)
  command.option('--new-key', 'for a new key (default: for the same key)')
  command.option('--rsa', 'the new key is an RSA key of 2048 bits')
  command.option('--csr <file>', 'for the key of this request')
  return output(command).action(async (certificate: string, options: RenewOptions) => {
    const { renewCertificate } = await import('../ca-issue.ts')
    await renewCertificate(certificate, options)
  })
}

const which = 'its serial number, a thumbprint, its name, or a file with it'

function revoke(): Command {
  const command = sub('revoke', 'declare a certificate bad').argument(
    '<certificate>',
    `${which}; a name means all of that name`,
  )
  const reasons = Object.keys(revocationReasons)
  command.addOption(new Option('--reason <reason>', 'why').choices(reasons).default('unspecified'))
  command.option('--root-key <file>', 'where the key of the root is, to revoke an authority that issued')
  return command.action(async (certificate: string, options: RevokeOptions) => {
    const { revokeCertificate } = await import('../ca.ts')
    await revokeCertificate(certificate, options)
  })
}

function list(): Command {
  const command = sub('list', 'show what was issued, and what became of it')
  command.option('--json', 'for programs')
  command.option('--expiring <days>', 'only what ends within so many days and has no successor', wholeNumber(1, 36_500))
  return command.action(async (options: ListOptions) => {
    const { listCertificates } = await import('../ca.ts')
    await listCertificates(options)
  })
}

const exportHelp = `
What can be exported: bundle (all authorities to trust; the default), root, issuing, chain (what servers and clients send
behind their own certificate), crl (the revocation lists, signed anew when they are old), or a certificate that was issued.
Keys are exported only when --root-key or --issuing-key says so, into a file, and as encrypted as they are.`

function exporting(): Command {
  const command = sub('export', 'print certificates or revocation lists').argument(
    '[what]',
    'bundle, root, issuing, chain, crl, or a certificate',
  )
  command.addOption(new Option('--format <format>', 'form').choices(['pem', 'der', 'hex']).default('pem'))
  command.option('--out <file>', 'write into this file').option('--force', 'replace a file that is there')
  command.option('--root-key', 'export the key of the root').option('--issuing-key', 'export the key that issues')
  return command.addHelpText('after', exportHelp).action(async (what: string | undefined, options: ExportOptions) => {
    const { exportAuthority } = await import('../ca-export.ts')
    await exportAuthority(what, options)
  })
}

const importHelp = `
Without a key, the authority is trusted and cannot issue. With its key it issues from now on, or has one below it that does. The
authorities that were here before stay trusted.`

function importing(): Command {
  const command = sub('import', 'take in an authority that was made elsewhere').argument(
    '<file>',
    'its certificate, and those above it',
  )
  command
    .option('--key <file>', 'its private key')
    .option('--key-passphrase-file <file>', 'with the passphrase of that key')
  return command.addHelpText('after', importHelp).action(async (file: string, options: ImportOptions) => {
    const { importAuthority } = await import('../ca-export.ts')
    await importAuthority(file, options)
  })
}

const rotateHelp = `
This, and nothing that is done daily, needs the key of the root. Certificates that were issued stay good. With --root the root
until now vouches for the new one: who trusts either of them trusts what is issued from now on. Give the new bundle.pem to
everybody before the old root ends.`

function rotate(): Command {
  const command = sub('rotate', 'have another authority issue, or make a new root')
  command.option('--root', 'a new root, too')
  command.option('--root-key <file>', 'where the key of the root is (default: root.key in the folder)')
  command.option('--new-root-key <file>', 'where the key of the new root goes (default: root.key in the folder)')
  command.option('--rsa', 'RSA keys of 2048 bits (default: the kind there was)')
  return command.addHelpText('after', rotateHelp).action(async (options: RotateOptions) => {
    const { rotateAuthority } = await import('../ca.ts')
    await rotateAuthority(options)
  })
}

function output(command: Command): Command {
  command.option('--days <count>', 'how long it is good', wholeNumber(1, 36_500), 365)
  command.option('--out <folder>', 'where certificate and key go', '.')
  command.option('--format <formats>', 'pem, der, hex or p12; several with commas', several, [])
  command.option('--key-passphrase-file <file>', 'encrypt the key that is written with this passphrase')
  return command.option('--force', 'replace files that are there')
}

function sub(name: string, description: string): Command {
  const command = new Command(name).description(description).allowExcessArguments(false)
  command.option('--dir <folder>', 'the folder of the authority', 'ca')
  return command.option('--passphrase-file <file>', 'with the passphrase of the keys of the authority')
}

function several(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value]
}
