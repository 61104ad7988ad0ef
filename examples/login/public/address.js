// Fitbit ends its redirects with #_=_, and browsers keep it: this removes it from the address bar.
if (location.hash === '#_=_') history.replaceState(null, '', location.pathname + location.search);
