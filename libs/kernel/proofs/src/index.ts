export { readBearer } from './bearer.ts'
export {
  CHALLENGE_USE,
  type ChallengeDeps,
  type Challenges,
  challengesFor,
  type ChallengeWish,
  issueChallenge,
  issueChallenges,
  proofMigrations,
  sweepChallenges,
} from './challenges.ts'
export * from './contract.ts'
export type { Fetch } from './fetch-json.ts'
export { type FirebaseOptions, firebaseVerifier } from './firebase-verifier.ts'
export type { Clock } from './jwt.ts'
export { KeysUnavailable } from './keys-unavailable.ts'
export { oidcVerifier } from './oidc-verifier.ts'
export { verifyP256ByOpenSsl } from './p256.ts'
export {
  type Answered,
  type AnsweredRightly,
  type AssertionParts,
  type Passkey,
  type PasskeyRules,
  splitAssertion,
  verifyPasskey,
} from './passkey.ts'
export { passkeyOptions, type PasskeyWish } from './passkey-options.ts'
export { challengeIn, type MadePasskey, readRegistration, verifyPasskeyRegistration } from './passkey-registration.ts'
export {
  type PresentationOptions,
  type PresentationVerifier,
  presentationVerifier,
  type VerifiedPresentation,
} from './presentation-verifier.ts'
export { type AccessTokenDeps, proveAccessToken } from './prove-access-token.ts'
export { type ApplicationKeyDeps, proveApplicationKey } from './prove-application-key.ts'
export { proveBasicPin } from './prove-basic-pin.ts'
export { type PresentationDeps, proveChallengedPresentation, proveDidPresentation } from './prove-did-presentation.ts'
export { type LoginTokenDeps, proveLoginToken } from './prove-login-token.ts'
export {
  type CompatSignatures,
  proveRequestSignature,
  type RequestSignatureDeps,
  type SignatureRules,
  type StrictSignatures,
} from './prove-request-signature.ts'
export { type SeenSignatures, seenSignaturesIn, sweepSeenSignatures } from './seen-signatures.ts'
export { readAccountKey } from './signature-header.ts'
export { readStrkey, type StrkeyKind, writeStrkey } from './strkey.ts'
export {
  type Claims,
  tokenVerifier,
  type TokenRules,
  type TokenVerifier,
  type TokenVerifierOptions,
} from './token-verifier.ts'
