import { parseArgs } from 'node:util'
import { requestToken, type TokenRequest } from '@strongroom/issuer'
import { askWorld } from './ask-world.ts'

const usage =
  'Say for whom: npm run --silent token -- ann@example.com, or -- +15550100000, or -- --sub ann. ' +
  'There is --unverified, and --provider=oidc instead of firebase.'
const noIssuer = 'This development world has no issuer, because none of its apps needs one.'

/** Whom the command line names, or nothing where it cannot be made sense of. */
function readRequest(args: string[]): TokenRequest | undefined {
  const options = {
    sub: { type: 'string' },
    unverified: { type: 'boolean' },
    provider: { type: 'string', default: 'firebase' },
  } as const
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [contact = '', ...rest] = positionals
    const { provider, sub: subject } = values
    if (rest.length > 0 || (provider !== 'firebase' && provider !== 'oidc')) return undefined
    const named = { provider, ...(subject !== undefined && { subject }) } as const
    if (contact === '') return subject ? named : undefined
    return contact.startsWith('+')
      ? { ...named, phone: contact }
      : { ...named, email: contact, emailVerified: values.unverified !== true }
  } catch {
    return undefined
  }
}

await askWorld(
  readRequest(process.argv.slice(2)),
  { usage, lacking: noIssuer },
  { of: ({ issuer }) => issuer, ask: requestToken },
)
