import { MOST_RECIPIENTS } from '../envelope/codec.ts'
import { HsmRefusal } from '../errors.ts'
import type { TokenTarget } from '../connect.ts'
import type { TokenDescription } from '../keystore.ts'

type Target = Pick<TokenTarget, 'tokenLabel' | 'deployment' | 'app'>

/** Before any token is asked. Throws `HsmRefusal`. */
export function refuseRing(tokens: readonly Target[], minRecipients = 1): void {
  const labels = tokens.map(({ tokenLabel }) => tokenLabel)
  if (tokens.length === 0 || tokens.length > MOST_RECIPIENTS) {
    throw new HsmRefusal('tokens-refused', `one to ${MOST_RECIPIENTS} tokens serve an app, not ${tokens.length}`)
  }
  const doubled = labels.find((label, at) => labels.indexOf(label) !== at)
  if (doubled !== undefined) {
    const remedy = 'give each a label of its own, by which its keys are recorded'
    throw new HsmRefusal('token-ambiguous', `two tokens are configured by the label "${doubled}": ${remedy}`)
  }
  if (minRecipients > tokens.length) {
    const remedy = 'configure more tokens, or fewer recipients'
    throw new HsmRefusal(
      'tokens-refused',
      `${minRecipients} tokens must hold each value and ${tokens.length} are configured: ${remedy}`,
    )
  }
  const [first] = tokens
  if (tokens.some(({ deployment, app }) => deployment !== first?.deployment || app !== first.app)) {
    throw new HsmRefusal('tokens-refused', 'several tokens serve one app of one deployment')
  }
}

/** Throws `HsmRefusal` where a token is not of the class of those that it was told of before. */
export function oneClass(): (token: TokenDescription) => void {
  let known: TokenDescription | undefined
  return (token) => {
    known ??= token
    if (known.software === token.software) return
    const [soft, hard] = known.software ? [known, token] : [token, known]
    const remedy = 'a value is as safe as the weakest token that opens it; configure tokens of one class'
    throw new HsmRefusal(
      'tokens-mixed',
      `the token "${soft.label}" keeps its keys in software and "${hard.label}" in hardware: ${remedy}`,
    )
  }
}
