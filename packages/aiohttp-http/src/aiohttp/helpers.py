"""Façade: the small things that are known by this address, re-exported from their rooms."""

from __future__ import annotations

from propcache.api import under_cached_property as reify

from aiohttp._clock import rfc822_formatted_time as rfc822_formatted_time
from aiohttp._content_headers import _SENTINEL as _SENTINEL
from aiohttp._content_headers import HeadersMixin as HeadersMixin
from aiohttp._content_headers import sentinel as sentinel
from aiohttp._environment import ProxyInfo as ProxyInfo
from aiohttp._environment import basicauth_from_netrc as basicauth_from_netrc
from aiohttp._environment import get_env_proxy_for_url as get_env_proxy_for_url
from aiohttp._environment import netrc_from_env as netrc_from_env
from aiohttp._environment import proxies_from_env as proxies_from_env
from aiohttp._fields.auth import BasicAuth
from aiohttp._fields.auth import basic_auth as _basic_auth_no_warn  # noqa: F401
from aiohttp._fields.auth import encode_basic_auth as encode_basic_auth
from aiohttp._fields.auth import strip_auth_from_url as strip_auth_from_url
from aiohttp._fields.bodies import EMPTY_BODY_METHODS as EMPTY_BODY_METHODS
from aiohttp._fields.bodies import EMPTY_BODY_STATUS_CODES as EMPTY_BODY_STATUS_CODES
from aiohttp._fields.bodies import method_must_be_empty_body as method_must_be_empty_body
from aiohttp._fields.bodies import must_be_empty_body as must_be_empty_body
from aiohttp._fields.bodies import should_remove_content_length as should_remove_content_length
from aiohttp._fields.bodies import status_code_must_be_empty_body as status_code_must_be_empty_body
from aiohttp._fields.dates import parse_http_date as parse_http_date
from aiohttp._fields.disposition import content_disposition_header as content_disposition_header
from aiohttp._fields.disposition import guess_filename as guess_filename
from aiohttp._fields.disposition import quoted_string as quoted_string
from aiohttp._fields.etag import ETAG_ANY as ETAG_ANY
from aiohttp._fields.etag import LIST_QUOTED_ETAG_RE as LIST_QUOTED_ETAG_RE
from aiohttp._fields.etag import QUOTED_ETAG_RE as QUOTED_ETAG_RE
from aiohttp._fields.etag import ETag
from aiohttp._fields.etag import validate_etag_value as validate_etag_value
from aiohttp._fields.host import is_canonical_ipv4_address as is_canonical_ipv4_address
from aiohttp._fields.host import is_ip_address as is_ip_address
from aiohttp._fields.media_type import MimeType as MimeType
from aiohttp._fields.media_type import parse_content_type as parse_content_type
from aiohttp._fields.media_type import parse_mimetype as parse_mimetype
from aiohttp._futures import ErrorableProtocol as ErrorableProtocol
from aiohttp._futures import noop as noop
from aiohttp._futures import set_exception as set_exception
from aiohttp._futures import set_result as set_result
from aiohttp._keys import AppKey as AppKey
from aiohttp._keys import BaseKey as BaseKey
from aiohttp._keys import ChainMapProxy
from aiohttp._keys import RequestKey as RequestKey
from aiohttp._keys import ResponseKey as ResponseKey
from aiohttp._switches import DEBUG as DEBUG
from aiohttp._switches import IS_MACOS as IS_MACOS
from aiohttp._switches import IS_WINDOWS as IS_WINDOWS
from aiohttp._switches import NO_EXTENSIONS as NO_EXTENSIONS
from aiohttp._timers import BaseTimerContext as BaseTimerContext
from aiohttp._timers import TimeoutHandle as TimeoutHandle
from aiohttp._timers import TimerContext as TimerContext
from aiohttp._timers import TimerNoop as TimerNoop
from aiohttp._timers import calculate_timeout_when as calculate_timeout_when
from aiohttp._timers import call_later as call_later
from aiohttp._timers import ceil_timeout as ceil_timeout
from aiohttp._timers import weakref_handle as weakref_handle
from aiohttp.streams import DEFAULT_CHUNK_SIZE as DEFAULT_CHUNK_SIZE

__all__ = ("BasicAuth", "ChainMapProxy", "ETag", "reify")
