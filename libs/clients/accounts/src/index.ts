export { type AccountsClient, accountsClient, type ClientOptions, type Waiting } from './accounts-client.ts'
export * from './api/answers.ts'
export type { SignatureBy, SignedRequest, Signing } from './api/approvals.ts'
export { AccountsError } from './api/error.ts'
export type { AccountsOptions } from './api/transport.ts'
export { type ExpectedScript, scriptOf } from './cadence/read-script.ts'
export { hashOfRequest } from './evm/account-request.ts'
export { readRequest, RequestError } from './evm/read-request.ts'
export {
  createPasskey,
  type Passkey,
  type PasskeyOptions,
  type PasskeyOwner,
  type PasskeyRegistration,
  registerPasskey,
} from './make-passkey.ts'
export { askPasskey, type PasskeyAnswer, PasskeyError, type PasskeyPlatform, type PasskeyQuestion } from './passkey.ts'
export { callOf } from './read-described.ts'
export { type CredentialStore, newCredentialStore } from './session.ts'
export { publicKeyOf, signChallenge } from './sign-in-signature.ts'
export {
  type AccountSigner,
  approvalOf,
  type ExpectedChange,
  passkeySigner,
  signChange,
  signerOf,
  usualVerifiers,
} from './sign-request.ts'
export { type DeviceKey, newDeviceKey, openDeviceKeys } from '@strongroom/device-auth-client'
