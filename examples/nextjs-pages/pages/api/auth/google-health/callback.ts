export { signIn as default } from '../../../../lib/sign-in.ts';
