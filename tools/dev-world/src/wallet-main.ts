import { parseArgs } from 'node:util'
import { Secret } from '@strongroom/crypto'
import { IdentityError } from '@strongroom/identity-client'
import { askWorld } from './ask-world.ts'
import { isEmail } from './kept-wallet.ts'
import { openLedger, type WalletCommand, walletCommands, type WalletOptions } from './wallet-commands.ts'

const usage = `Say what a wallet app does, and with which wallet: npm run --silent wallet -- sign-up ann@example.com --password <…>
  sign-up, sign-in   --password      change-password   --password --new-password
  verify <link>      of the mail     recover           --new-password
  enable-totp        --password      --authenticator <program that prints the code of the secret that it reads>
  request-signer     after recover: asks that the new key sign
  approve-recovery   as the administrator, who has seen the owner's papers
  --code <…> answers for TOTP at sign-in; any other code is read from standard input.
What comes out is JSON, with ids that open the wallet, and never its key, which is kept in this world's state. Passwords on a
command line are seen by whoever looks at this machine's processes: this is for a world of toys.`
const noWallets = 'This development world keeps no wallets: it runs without identity-storage.'

interface Asked {
  readonly command: WalletCommand
  readonly about: string
  readonly options: WalletOptions
}

const named = {
  password: { type: 'string', default: '' },
  'new-password': { type: 'string', default: '' },
  code: { type: 'string' },
  authenticator: { type: 'string' },
} as const

function readAsked(args: string[]): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({ args, options: named, allowPositionals: true })
    const [name = '', about = '', ...rest] = positionals
    const command = Object.hasOwn(walletCommands, name) ? walletCommands[name] : undefined
    const isAbout = command?.about === 'email' ? isEmail(about) : about !== ''
    if (!command || !isAbout || rest.length > 0 || command.needs.some((one) => !values[one])) return undefined
    const { code, authenticator } = values
    const options = {
      password: new Secret(values.password),
      'new-password': new Secret(values['new-password']),
      ...(code !== undefined && { code }),
      ...(authenticator !== undefined && { authenticator }),
    }
    return { command, about, options }
  } catch {
    return undefined
  }
}

async function ask(url: string, { command, about, options }: Asked): Promise<string> {
  try {
    return JSON.stringify(await command.run(openLedger(url), about, options))
  } catch (error) {
    if (error instanceof IdentityError && error.status === 0) throw new TypeError('nobody answers', { cause: error })
    throw error
  }
}

await askWorld(
  readAsked(process.argv.slice(2)),
  { usage, lacking: noWallets },
  { of: ({ apps }) => apps['identity-storage'], ask },
)
