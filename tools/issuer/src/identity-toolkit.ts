import { z } from 'zod'
import type { People, Person } from './people.ts'

export interface Toolkit {
  readonly people: People
  /** An ID token of a person who is known. */
  readonly tokenOf: (subject: string) => Promise<string>
}

interface Reply {
  readonly status: number
  readonly body: unknown
}

const contact = {
  email: z.email().optional(),
  emailVerified: z.boolean().optional(),
  phoneNumber: z.string().optional(),
  displayName: z.string().optional(),
}
const account = z.object({ localId: z.string().optional(), disabled: z.boolean().optional(), ...contact })
const update = z.object({
  localId: z.string(),
  disableUser: z.boolean().optional(),
  deleteProvider: z.array(z.string()).default([]),
  ...contact,
})
const texts = z.array(z.string()).default([])
const lookup = z.object({ localId: texts, email: texts, phoneNumber: texts })
const customToken = z.object({ token: z.string() })

/**
 * A stub of the part of Google's Identity Toolkit that Firebase's admin SDK asks about users, with Google's words for what
 * goes wrong. In front of it stands no key and no password: it is for development, where nobody is anybody.
 */
export async function answerToolkit(toolkit: Toolkit, action: string, body: unknown): Promise<Reply> {
  const answer = answers[action]
  if (!answer) return refuse(501, 'NOT_IN_THIS_STUB')
  try {
    return { status: 200, body: await answer(toolkit, body) }
  } catch (error) {
    if (error instanceof z.ZodError) return refuse(400, 'INVALID_ARGUMENT')
    if (error instanceof ToolkitError) return refuse(400, error.message)
    throw error
  }
}

/** The name of an answer, from a path below `/identitytoolkit.googleapis.com/`: `accounts`, `accounts:lookup`. */
export const actionIn = (path: string): string => path.replace(/^v1\/(projects\/[^/]+\/)?/, '')

/** What Google calls what is wrong: the SDK turns it into its own error. */
class ToolkitError extends Error {}

const refuse = (status: number, message: string): Reply => ({ status, body: { error: { code: status, message } } })

const answers: Readonly<Record<string, (toolkit: Toolkit, body: unknown) => unknown>> = {
  'accounts:lookup': ({ people }, body) => {
    const { localId, email, phoneNumber } = lookup.parse(body)
    const found = [
      ...localId.map((id) => people.byId(id)),
      ...email.map((one) => people.by({ email: one })),
      ...phoneNumber.map((one) => people.by({ phoneNumber: one })),
    ].filter((one) => one !== undefined)
    return found.length > 0 ? { users: found.map(describe) } : {}
  },
  accounts: ({ people }, body) => {
    const { localId, ...change } = account.parse(body)
    if (localId !== undefined && people.byId(localId)) throw new ToolkitError('DUPLICATE_LOCAL_ID')
    checkFree(people, change)
    return { localId: people.add(change, localId).localId }
  },
  'accounts:update': ({ people }, body) => {
    const { localId, disableUser, deleteProvider, ...change } = update.parse(body)
    const found = people.byId(localId)
    if (!found) throw new ToolkitError('USER_NOT_FOUND')
    checkFree(people, change, found)
    const moved = change.email !== undefined && change.email.toLowerCase() !== found.email?.toLowerCase()
    people.change(found, {
      // An address that nobody has looked at yet is not verified because the one before was.
      ...(moved && { emailVerified: false }),
      ...change,
      ...(disableUser !== undefined && { disabled: disableUser }),
      ...(deleteProvider.includes('phone') && { phoneNumber: undefined }),
    })
    return { localId }
  },
  'accounts:signInWithCustomToken': async ({ people, tokenOf }, body) => {
    const uid = uidIn(customToken.parse(body).token)
    if (!people.byId(uid)) people.add({}, uid)
    return { idToken: await tokenOf(uid), expiresIn: '3600' }
  },
}

function checkFree(people: People, { email, phoneNumber }: z.infer<typeof account>, except?: Person): void {
  const taken = (found: Person | undefined) => found !== undefined && found.localId !== except?.localId
  if (email !== undefined && taken(people.by({ email }))) throw new ToolkitError('EMAIL_EXISTS')
  if (phoneNumber !== undefined && taken(people.by({ phoneNumber }))) throw new ToolkitError('PHONE_NUMBER_EXISTS')
}

const describe = ({ email, phoneNumber, ...rest }: Person) => ({
  ...rest,
  ...(email !== undefined && { email }),
  ...(phoneNumber !== undefined && { phoneNumber }),
  providerUserInfo: [
    ...(email === undefined ? [] : [{ providerId: 'password', rawId: email, federatedId: email, email }]),
    ...(phoneNumber === undefined ? [] : [{ providerId: 'phone', rawId: phoneNumber, phoneNumber }]),
  ],
})

/** With an emulator the SDK signs custom tokens with nothing: what they say is believed, as everything here is. */
function uidIn(token: string): string {
  try {
    const [, payload = ''] = token.split('.')
    return z.object({ uid: z.string() }).parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).uid
  } catch {
    throw new ToolkitError('INVALID_CUSTOM_TOKEN')
  }
}
