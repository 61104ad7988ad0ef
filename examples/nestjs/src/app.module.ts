import { Module } from '@nestjs/common';
import { PassportModule, PassportSerializer } from '@nestjs/passport';
import { AppController } from './app.controller.ts';
import { GoogleHealth } from './google-health.strategy.ts';

/** Keeps the whole user in the session; with a database, keep the id and find the user. */
class Serializer extends PassportSerializer {
  serializeUser(user: Express.User, done: (error: Error | null, user: Express.User) => void): void {
    done(null, user);
  }

  deserializeUser(user: Express.User, done: (error: Error | null, user: Express.User) => void): void {
    done(null, user);
  }
}

@Module({
  imports: [PassportModule],
  controllers: [AppController],
  providers: [GoogleHealth, Serializer],
})
export class AppModule {}
