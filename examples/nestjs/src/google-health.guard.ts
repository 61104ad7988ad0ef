import { type ExecutionContext, HttpException, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { type Failure, OAuthError } from 'passport-fitbit-strategy/google-health';

/** Begins the login, and completes it at the callback: then the user is in the session. */
@Injectable()
export class GoogleHealthGuard extends AuthGuard('google-health') {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await super.canActivate(context);
    await super.logIn(context.switchToHttp().getRequest());
    return true;
  }

  /** Nest's own method would respond 401 without the reason. */
  override handleRequest<User>(
    error: unknown,
    user: User | false,
    failure: Failure | undefined,
    _context: ExecutionContext,
    status = 401,
  ): User {
    if (error instanceof OAuthError && error.retryable) {
      throw new HttpException('Signing in failed. Please try again in a minute.', 503, { cause: error });
    }
    if (error) throw error;
    if (!user) throw new HttpException({ message: failure?.message, code: failure?.code }, status);
    return user;
  }
}
