#pragma once

namespace sluice::tools {

/// The least that an HTTP server on cpp-httplib can do: answers every
/// `POST /api/events` with 202 and a small body, every `POST /hook` with 204,
/// and stores nothing; `GET /hooks` says how many of the latter came. Listens
/// on 127.0.0.1 with a thread for each of `connections`. Returns only when
/// the port can't be had: 1.
int run_floor_server(int port, int connections);

} // namespace sluice::tools
