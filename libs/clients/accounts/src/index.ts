export { type AccountsClient, accountsClient, type ClientOptions, type Waiting } from './accounts-client.ts'
export * from './api/answers.ts'
export type { SignatureBy, SignedRequest, Signing } from './api/approvals.ts'
export { AccountsError } from './api/error.ts'
export type { AccountsOptions } from './api/transport.ts'
export { hashOfRequest } from './evm/account-request.ts'
export { readRequest, RequestError } from './evm/read-request.ts'
export {
  askPasskey,
  createPasskey,
  type Passkey,
  type PasskeyAnswer,
  PasskeyError,
  type PasskeyOwner,
  type PasskeyPlatform,
} from './passkey.ts'
export { type CredentialStore, newCredentialStore } from './session.ts'
export { publicKeyOf, signChallenge } from './sign-in-signature.ts'
export {
  type AccountSigner,
  approvalOf,
  type ExpectedChange,
  passkeySigner,
  signChange,
  signerOf,
} from './sign-request.ts'
export { type DeviceKey, newDeviceKey, openDeviceKeys } from '@strongroom/device-auth-client'
