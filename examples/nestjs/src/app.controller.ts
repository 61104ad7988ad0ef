import { Controller, Get, Post, Redirect, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { GoogleHealthGuard } from './google-health.guard.ts';

@Controller()
export class AppController {
  @Get('auth/google-health')
  @UseGuards(GoogleHealthGuard)
  signIn() {} // the guard redirects to Google

  @Get('auth/google-health/callback')
  @UseGuards(GoogleHealthGuard)
  @Redirect('/')
  callback() {} // the guard has signed the user in

  @Get()
  home(@Req() req: Request): string {
    return req.user
      ? '<p>You are signed in.</p> <form method="post" action="/logout"><button>Sign out</button></form>'
      : '<a href="/auth/google-health">Continue with Google Health</a>';
  }

  @Get('me')
  me(@Req() req: Request): Express.User {
    if (!req.user) throw new UnauthorizedException();
    return req.user;
  }

  @Post('logout')
  @Redirect('/')
  async logout(@Req() req: Request): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      req.logout((error) => (error ? reject(error) : resolve()));
    });
  }
}
