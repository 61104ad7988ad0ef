// Fitbit ends its redirects with #_=_, and browsers carry that on: nobody needs it in the address bar.
if (location.hash === '#_=_') history.replaceState(null, '', location.pathname + location.search);
