export { signIn as GET } from '../../../../lib/sign-in.ts';
