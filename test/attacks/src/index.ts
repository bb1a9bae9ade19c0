export { guessInParallel, type GuessingVerdict, type ParallelGuessing } from './cases/parallel-guessing.ts'
export { attackOffline, gatherIngredients, type OfflineAttack, type OfflineVerdict } from './cases/offline-attack.ts'
export {
  hangUpAndRetry,
  profitFromSuccess,
  raceTheOwner,
  type HangUpVerdict,
  type RaceVerdict,
  type SuccessVerdict,
} from './cases/refund-abuse.ts'
export { killWhileCreating, type CreationVerdict, type KilledCreation } from './cases/killed-creation.ts'
export { transplantRows, type RowTransplant, type TransplantVerdict } from './cases/row-transplant.ts'
export { spillLcaCanaries, type LcaSecretOutput } from './cases/lca-secret-output.ts'
export { spillCanaries, type OutputVerdict, type SecretOutput } from './cases/secret-output.ts'
export { stormWithoutToken, type StormVerdict, type TokenStorm } from './cases/token-storm.ts'
export { abuseWrongClock, type ClockVerdict, type WrongClock } from './cases/wrong-clock.ts'
export { addWhileProviderIsAway, type AwayVerdict, type ProviderAway } from './cases/provider-away.ts'
export { tellApart, type Enumeration, type EnumerationVerdict } from './cases/enumeration.ts'
export { guessForYears, type DripGuessing, type DripVerdict } from './cases/drip-guessing.ts'
export { aliasCode, guessCodes, type CodeGuessing, type CodeVerdict } from './cases/code-guessing.ts'
export { pumpSms, type PumpVerdict, type SmsPumping } from './cases/sms-pumping.ts'
export { standsAlone, tellStory, type PeopleInOutput, type PeopleVerdict } from './cases/people-in-output.ts'
export { transplantReset, type ResetTransplant, type ResetVerdict } from './cases/reset-transplant.ts'
export { becomeOwner, openKey, type Owner } from './attacker/owner.ts'
export { budget, spendWhatRemains } from './attacker/guess-budget.ts'
export { drawFrom, drawSeed, type Randomness } from './attacker/randomness.ts'
export { startOriginal, type Original } from './original/server.ts'
export type { DumpedCell, Row, Target } from './target.ts'
export { dumpDatabase } from './attacker/dump.ts'
export { swapColumns, type ColumnSwap } from './attacker/swap-columns.ts'
export { ask, type Answer, type Question } from './attacker/ask.ts'
export { startMailTrap, type Behaviour, type Mail, type MailTrap } from './attacker/mail-trap.ts'
export {
  becomeUser,
  codesTo,
  fetchCode,
  fetchResetCode,
  joinKey,
  newAddress,
  type Person,
  type Place,
} from './attacker/people.ts'
export { waitUntil } from './attacker/wait-until.ts'
export { askForBytes } from './attacker/same-bytes.ts'
export { startLcaOriginal, type LcaOriginal } from './lca-original/server.ts'
export type { LcaPlace } from './attacker/lca-people.ts'
export {
  allDoors,
  borrowDid,
  knock,
  presentWithoutChallenge,
  replayAnswer,
  type Door,
  type Replay,
} from './cases/replayed-presentations.ts'
export {
  floodChallenges,
  moveAway,
  shownTo,
  vandalize,
  type Shown,
  type Vandalism,
  type Vandalized,
} from './cases/vandal.ts'
export { mailedCode, newPhone, newShare, personAt, settle } from './attacker/lca-people.ts'
export {
  bombMailbox,
  bombWithNotices,
  type Bombing,
  type BombVerdict,
  type NoticeBombing,
} from './cases/mail-bombing.ts'
export {
  fetchTwice,
  fillRelay,
  guessShortCodes,
  openSession,
  raceApprovals,
  replayApproval,
  type Hijack,
} from './cases/relay-hijack.ts'
export {
  confuseCodes,
  forgiveGuesses,
  guessLoginCodes,
  guessRecoveryCodes,
  type LcaCodeGuessing,
  type LcaCodeVerdict,
} from './cases/lca-code-guessing.ts'
export {
  askByLogin,
  settleWhole,
  transplantShares,
  type Settled,
  type ShareTransplant,
  type ShareVerdict,
} from './cases/share-transplant.ts'
export {
  confirmByScrypt,
  type ContactGuessing,
  guessContacts,
  guessTexts,
  type TextGuessing,
} from './attacker/contact-hashes.ts'
export { findLeaks, type Leak } from './attacker/canaries.ts'
export { liveIn, type LivedIn } from './cases/lived-in.ts'
export { type CountedFaces, startCountedFaces } from './attacker/counted-faces.ts'
export {
  askHook,
  askToSign,
  codeOf,
  duoPerson,
  type DuoPerson,
  type DuoPlace,
  makeKey,
  mustDo,
  newInstance,
  scanFrom,
  settleDuo,
  type SettledDuo,
} from './attacker/duo-people.ts'
export { type DuoOriginal, startDuoOriginal } from './duo-original/server.ts'
export {
  answerInParallel,
  facesLeft,
  type FaceVerdict,
  guessFacesByTwoDoors,
  guessFacesInParallel,
} from './cases/parallel-faces.ts'
export { isBelieved, newUser, replaySignature, twinOf } from './cases/replayed-signatures.ts'
export { raceScan, replayScan } from './cases/replayed-scans.ts'
export { transplantKeyshares, type TwoWaiting, type WaitingDuo } from './cases/keyshare-transplant.ts'
export { liveInDuo } from './cases/duo-lived-in.ts'
export { spillDuoCanaries } from './cases/duo-secret-output.ts'
export {
  digestOf,
  type IdentityKey,
  legacySigned,
  newIdentityKey,
  type Profile,
  signedBy,
  signedOver,
  totpOf,
} from './attacker/identity-key.ts'
export { recoveryRequest, signerChange, type SignerChange } from './attacker/identity-envelope.ts'
export {
  answerTo,
  call,
  type Calling,
  changedWallet,
  countCodes,
  type Demand,
  demandIn,
  enableTotp,
  errorIn,
  factorsUrl,
  followLink,
  type IdentityOwner,
  type IdentityPlace,
  linkTo,
  mustAnswer,
  mustDemand,
  newestCode,
  newIdentityOwner,
  newTotp,
  newWalletId,
  openWallet,
  passing,
  passwordOtp,
  proveDemand,
  questionOf,
  recoveryWallet,
  setPriority,
  settleOwner,
  signUp,
  sized,
  walletBody,
} from './attacker/identity-people.ts'
export { type IdentityOriginal, startIdentityOriginal } from './identity-original/server.ts'
export { type GuardedOwner, settleGuarded, transplantIdentity, type TwoGuarded } from './cases/identity-transplant.ts'
export {
  type Adopter,
  adoptBoth,
  cosignersOf,
  inviteBoth,
  type Invited,
  inviteTokensTo,
  isTaken,
  type KeptAttack,
  makeVictims,
  settleAdopter,
  settleShared,
  type Shared,
} from './cases/kept-transplant.ts'
export { raceStepUp, type StepUpRace, type StepUpVerdict } from './cases/step-up-race.ts'
export { storm } from './attacker/storm.ts'
export {
  ambiguousRequests,
  believedOf,
  believedWires,
  capture,
  isDone,
  legacyReplaysOf,
  PROPER,
  replaysOf,
  resign,
} from './cases/identity-replays.ts'
export {
  confuseIdentityCodes,
  guessRecoveryMail,
  type IdentityCodeGuessing,
  type IdentityCodeVerdict,
  recoveryOf,
  spellings,
} from './cases/identity-code-guessing.ts'
export { liveInIdentity, type LivedInIdentity } from './cases/identity-lived-in.ts'
export { guessPasswords, type WalletLogin, walletIdOf } from './attacker/wallet-passwords.ts'
export { killWhileSigningUp, type KilledSignUps, type SignUpVerdict } from './cases/killed-sign-ups.ts'
export {
  bombByFactors,
  bombByInvites,
  bombByMoving,
  bombByRecoveries,
  bombBySigningUp,
  type IdentityBombing,
} from './cases/identity-mail-bombing.ts'
export { spillIdentityCanaries } from './cases/identity-secret-output.ts'
export { sayRaw } from './attacker/raw-wire.ts'
